// OpenAI's own client in front of our HTTP server, which plays a model, and of our gateway.
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "examples/mock_llm.hpp"
#include "foreign/against_npm.hpp"
#include "foreign/program.hpp"
#include "foreign/run_program.hpp"

namespace {

using namespace dwell_test;
using dwell::task;
using mock_llm::fault;
using nlohmann::json;

enum class way : std::uint8_t { straight, through_the_gateway };

// The example, until it is destroyed. It has a key of its own for the server behind.
class gateway {
 public:
  gateway(const std::string& upstream, const std::string& key)
      : running_({"env", "OPENAI_API_KEY=" + key, DWELL_TEST_GATEWAY, upstream, "0"}),
        url_(running_.after("listening on ")) {}

  [[nodiscard]] std::string url() const { return url_; }

 private:
  program running_;
  const std::string url_;
};

class openai_client : public against_npm, public testing::WithParamInterface<way> {
 protected:
  void SetUp() override {
    against_npm::SetUp();
    if (IsSkipped() || GetParam() == way::straight || access(DWELL_TEST_GATEWAY, X_OK) == 0) return;
    GTEST_SKIP() << "there is no gateway: configure with -DDWELL_BUILD_EXAMPLES=ON";
  }

  struct asked {
    std::string how;
    std::string key = "good";
    int retries = 0;
  };

  static task<json> run_client(std::string url, asked a) {
    const json argument{
        {"how", a.how}, {"key", a.key}, {"retries", a.retries}, {"prompt", "hello"}};
    std::vector<std::string> words = node("openai_client.mjs");
    words.push_back(std::move(url));
    words.push_back(argument.dump());
    const outcome ended = co_await run_program(std::move(words));
    EXPECT_EQ(ended.status, 0);
    const json told = json::parse(ended.said, nullptr, false);
    EXPECT_TRUE(told.is_object()) << ended.said;
    co_return told;
  }

  // Of a model that behaves like this: what the client makes of it, and how often it was asked.
  struct heard {
    json told;
    int requests = 0;
  };
  static heard ask(mock_llm::behaviour how, const asked& a) {
    heard all;
    how.key = "good";
    run_on(2, [&]() -> task<> {
      mock_llm::server server(how);
      std::unique_ptr<gateway> between;
      if (GetParam() == way::through_the_gateway)
        between = std::make_unique<gateway>(server.url(), a.key);
      const std::string url = between == nullptr ? server.url() : between->url();
      all.told = co_await run_client(url, a);
      all.requests = server.seen().requests;
      between.reset();
      co_await server.stop();
    }());
    return all;
  }
  static mock_llm::behaviour scripted(std::vector<fault> script) {
    mock_llm::behaviour how;
    how.script = std::move(script);
    return how;
  }
  static mock_llm::behaviour calling() {
    mock_llm::behaviour how;
    how.calls = {{.name = "weather", .arguments = R"({"city":"Paris"})"}};
    return how;
  }
};
INSTANTIATE_TEST_SUITE_P(ways, openai_client,
                         testing::Values(way::straight, way::through_the_gateway),
                         [](const auto& of) {
                           return std::string(of.param == way::straight ? "straight"
                                                                        : "through_the_gateway");
                         });

TEST_P(openai_client, takes_an_answer) {
  EXPECT_EQ(ask({}, {.how = "whole"}).told,
            json({{"text", "haiku replied"}, {"finish", "stop"}, {"tokens", 2}}));
}

TEST_P(openai_client, takes_an_answer_in_pieces) {
  EXPECT_EQ(ask({}, {.how = "streamed"}).told, json({{"text", "haiku replied"},
                                                     {"finish", "stop"},
                                                     {"tokens", 2},
                                                     {"pieces", {"haiku", " replied"}}}));
}

TEST_P(openai_client, calls_a_tool_and_tells_of_it) {
  for (const char* const how : {"tool", "tool_streamed"}) {
    const heard all = ask(calling(), {.how = how});
    EXPECT_EQ(all.told["heard"], json::array({{{"city", "Paris"}}})) << all.told;
    EXPECT_EQ(all.told["text"], "haiku replied") << all.told;
    EXPECT_EQ(all.requests, 2);
  }
}

TEST_P(openai_client, takes_a_refusal_and_when_to_ask_again) {
  for (const char* const how : {"whole", "streamed"}) {
    const heard all = ask(scripted({fault::refused}), {.how = how});
    EXPECT_EQ(all.told, json({{"error", "RateLimitError"},
                              {"status", 429},
                              {"says", "429 slow down"},
                              {"retry", "10"}}));
    EXPECT_EQ(all.requests, 1);
  }
}

TEST_P(openai_client, asks_again_after_trouble_that_passes) {
  const heard all = ask(scripted({fault::refused, fault::failed}), {.how = "whole", .retries = 2});
  EXPECT_EQ(all.told["text"], "haiku replied") << all.told;
  EXPECT_EQ(all.requests, 3);
}

TEST_P(openai_client, is_told_that_its_key_is_wrong) {
  const json told = ask({}, {.how = "whole", .key = "bad", .retries = 2}).told;
  EXPECT_EQ(told["error"], "AuthenticationError") << told;
  EXPECT_EQ(told["status"], 401);
  EXPECT_EQ(told["says"], "401 Incorrect API key provided");
}

TEST_P(openai_client, notices_that_a_stream_was_cut) {
  const json told = ask(scripted({fault::cut}), {.how = "streamed"}).told;
  EXPECT_TRUE(told.contains("error")) << told;
}

}  // namespace
