// Our llm::model against `aimock`, a mock of the vendors' servers that follows theirs: in OpenAI's
// words, and in Anthropic's.
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "foreign/against_npm.hpp"
#include "foreign/program.hpp"
#include "llm/asking.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;

constexpr const char* greeting =
    "Good day: \"\xE4\xBD\xA0\xE5\xA5\xBD\" \xF0\x9F\x98\x80,\nand a second line.";

class aimock : public against_npm, public testing::WithParamInterface<llm::wire> {
 protected:
  aimock() : against_npm(20, 15) {}

  void SetUp() override {
    against_npm::SetUp();
    if (IsSkipped()) return;
    std::vector<std::string> command = node("node_modules/@copilotkit/aimock/dist/cli.js");
    command.insert(command.begin(), {"env", "AIMOCK_API_KEYS=good"});
    const std::string answers = npm_folder() + "/aimock.json";
    // Seven of UTF-16's units a piece: with eight, a character would be cut in two.
    command.insert(command.end(), {"-f", answers, "-p", "0", "-c", "7", "--strict"});
    server_.emplace(command);
    base_ = server_->after("listening on ") + "/v1";
  }

  [[nodiscard]] llm::model_options options(std::uint32_t attempts = 1,
                                           const char* key = "good") const {
    llm::model_options made = options_for(base_);
    made.wire = GetParam();
    made.key = llm::secret(key);
    made.retries.max_attempts = attempts;
    return made;
  }
  static llm::generate_options with_tool() {
    llm::generate_options made;
    made.tools = {{.name = "weather",
                   .description = "how it is",
                   .parameters = R"({"type":"object","properties":{"city":{"type":"string"}}})"}};
    return made;
  }
  static void expect_call(const llm::completion& answer) {
    EXPECT_EQ(answer.finish, llm::finish_reason::tool_calls);
    ASSERT_EQ(answer.tool_calls.size(), 1U);
    EXPECT_EQ(answer.tool_calls[0].name, "weather");
    EXPECT_EQ(answer.tool_calls[0].arguments, R"({"city":"Paris"})");
    EXPECT_NE(answer.tool_calls[0].id, "");
  }

 private:
  std::optional<program> server_;
  std::string base_{};
};
INSTANTIATE_TEST_SUITE_P(wires, aimock, testing::Values(llm::wire::openai, llm::wire::anthropic),
                         [](const auto& of) {
                           return std::string(of.param == llm::wire::openai ? "openai"
                                                                            : "anthropic");
                         });

TEST_P(aimock, answers_our_model) {
  dwell::run([&]() -> task<> {
    const llm::model model(options());
    const llm::completion answer = co_await model.generate("hello");
    EXPECT_EQ(answer.text, greeting);
    EXPECT_EQ(answer.finish, llm::finish_reason::stop);
    EXPECT_EQ(answer.model, "haiku");
    EXPECT_EQ(answer.usage.total(), 17U);
    EXPECT_NE(answer.id, "");
  }());
}

TEST_P(aimock, answers_our_model_in_pieces) {
  dwell::run([&]() -> task<> {
    const llm::model model(options());
    llm::completion_stream stream = co_await model.stream("hello");
    const std::vector<std::string> pieces = co_await pieces_of(stream);
    EXPECT_GT(pieces.size(), 2U);
    const llm::completion whole = co_await stream.result();
    EXPECT_EQ(whole.text, greeting);
    EXPECT_EQ(whole.finish, llm::finish_reason::stop);
    EXPECT_EQ(whole.usage.output_tokens, 12U);
  }());
}

TEST_P(aimock, asks_our_model_for_a_tool_and_takes_its_result) {
  dwell::run([&]() -> task<> {
    const llm::model model(options());
    llm::conversation said = {llm::message::user("weather")};
    const llm::completion asks = co_await model.generate(said, with_tool());
    expect_call(asks);
    said.push_back(asks.as_message());
    said.push_back(llm::message::tool_result(asks.tool_calls.at(0).id, "rain"));
    const llm::completion answer = co_await model.generate(said, with_tool());
    EXPECT_EQ(answer.text, "take an umbrella");
  }());
}

TEST_P(aimock, asks_our_model_for_a_tool_in_pieces) {
  dwell::run([&]() -> task<> {
    const llm::model model(options());
    llm::conversation said = {llm::message::user("weather")};
    llm::completion_stream stream = co_await model.stream(std::move(said), with_tool());
    const llm::completion asks = co_await stream.result();
    expect_call(asks);
  }());
}

TEST_P(aimock, refuses_and_says_when_to_ask_again) {
  dwell::run([&]() -> task<> {
    const llm::model model(options());
    try {
      (void)co_await model.generate("busy");
      ADD_FAILURE() << "it answered";
    } catch (const llm::error& refused) {
      EXPECT_EQ(refused.reason(), llm::failure::rate_limited);
      EXPECT_EQ(refused.status(), 429);
      EXPECT_EQ(refused.facts().retry_after, 7s);
      EXPECT_THAT(refused.what(), testing::HasSubstr("slow down"));
    }
  }());
}

TEST_P(aimock, is_asked_again_after_trouble_that_passes) {
  dwell::run([&]() -> task<> {
    const llm::model model(options(2));
    const llm::completion answer = co_await model.generate("patience");
    EXPECT_EQ(answer.text, "at last");
    EXPECT_EQ(model.statistics().failures, 1U);
  }());
}

TEST_P(aimock, does_not_let_our_model_in_with_a_wrong_key) {
  dwell::run([&]() -> task<> {
    const llm::model model(options(2, "bad"));
    const auto fault = co_await ask_fault_of(model.generate("hello"));
    EXPECT_TRUE(fault && fault->reason == llm::failure::unauthorized && fault->status == 401)
        << (fault ? fault->what : "it answered");
    EXPECT_EQ(model.statistics().requests, 1U);
  }());
}

TEST_P(aimock, is_no_model_that_has_answered_when_it_hangs_up) {
  dwell::run([&]() -> task<> {
    const llm::model model(options(2));
    llm::completion_stream stream = co_await model.stream("cut");
    const auto fault = co_await ask_fault_of(stream.result());
    EXPECT_TRUE(fault && fault->reason == llm::failure::connection &&
                fault->how_far == http::delivery::partial_answer)
        << (fault ? fault->what : "a whole answer");
  }());
}

}  // namespace
