// What goes wrong, and what becomes of it: typed errors, retries, pauses, in virtual time.
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "llm/simulated.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;
using llm::failure;

class a_failing_model : public no_frames_left {
 protected:
  static llm::model_options once() {
    llm::model_options o = options_for("http://server/v1");
    o.retries.max_attempts = 1;
    return o;
  }

  // Asks a server that answers so, in a world without troubles of its own.
  static std::optional<ask_fault> ask(std::vector<sim::http_answer> answers,
                                      const llm::model_options& with) {
    list_of_answers server(std::move(answers));
    return ask(server, with);
  }
  static std::optional<ask_fault> ask(list_of_answers& server, const llm::model_options& with) {
    const auto main = [&]() -> task<std::optional<ask_fault>> {
      const llm::model model = model_through(server.handler(), with);
      co_return co_await ask_fault_of(model.generate("hello"));
    };
    return sim::run(1, main());
  }

 private:
  const watchdog dog_{"a failing model"};
};

// ---- Which error it is ----

struct named_error {
  const char* name;
  int status;
  const char* body;
  failure reason;
};
std::ostream& operator<<(std::ostream& to, const named_error& e) { return to << e.name; }

class an_error_of_a_model : public a_failing_model,
                            public testing::WithParamInterface<named_error> {};

const named_error errors[] = {
    {"bad_request", 400, R"({"error":{"message":"no"}})", failure::invalid_request},
    {"context_by_code", 400, R"({"error":{"code":"context_length_exceeded"}})",
     failure::context_length},
    {"context_by_text", 400, R"({"error":{"message":"maximum context length is 8192 tokens"}})",
     failure::context_length},
    {"context_of_anthropic", 400,
     R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"}})",
     failure::context_length},
    {"too_large", 413, "", failure::context_length},
    {"wrong_key", 401, R"({"error":{"message":"Incorrect API key"}})", failure::unauthorized},
    {"forbidden", 403, "<html>", failure::unauthorized},
    {"unknown_model", 404, R"({"error":"model not found"})", failure::invalid_request},
    {"limit", 429, R"({"error":{"message":"slow down"}})", failure::rate_limited},
    {"quota", 429, R"({"error":{"code":"insufficient_quota"}})", failure::out_of_quota},
    {"payment", 402, "", failure::out_of_quota},
    {"broken", 500, "", failure::server_failed},
    {"not_implemented", 501, "", failure::invalid_request},
    {"bad_gateway", 502, "<html>", failure::server_failed},
    {"busy", 503, "", failure::overloaded},
    {"overloaded", 529, R"({"type":"error","error":{"type":"overloaded_error"}})",
     failure::overloaded},
    {"slow_client", 408, "", failure::timed_out},
    {"no_json", 200, "{", failure::malformed},
    {"no_message", 200, R"({"choices":[]})", failure::malformed},
    {"strange_types", 200, R"({"choices":[{"message":7}]})", failure::malformed},
    {"error_as_answer", 200, R"({"error":{"message":"upstream"}})", failure::server_failed},
    {"limit_as_answer", 200, R"({"error":{"code":"rate_limit_exceeded"}})", failure::rate_limited},
    {"empty", 204, "", failure::malformed},
};
INSTANTIATE_TEST_SUITE_P(errors, an_error_of_a_model, testing::ValuesIn(errors),
                         [](const auto& one) { return std::string(one.param.name); });

TEST_P(an_error_of_a_model, has_its_type) {
  const auto failed = ask({status_answer(GetParam().status, GetParam().body)}, once());
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->reason, GetParam().reason) << failed->what;
  EXPECT_EQ(failed->how_far, http::delivery::partial_answer);
}

TEST_F(a_failing_model, says_in_an_error_who_failed_why_and_what_the_server_said) {
  const auto failed = ask({status_answer(400, R"({"error":{"message":"no such tool"}})")}, once());
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->what, "haiku: invalid request: 400: no such tool");
  EXPECT_EQ(failed->status, 400);
}

TEST_F(a_failing_model, tells_no_secret_that_the_server_repeats) {
  llm::model_options with = once();
  with.key = llm::secret("sk-1234567890");
  const auto failed =
      ask({status_answer(401, R"({"error":{"message":"the key sk-1234567890 is wrong"}})")}, with);
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->what, "haiku: unauthorized: 401: the key *** is wrong");
}

TEST_F(a_failing_model, sends_its_key_and_nobody_elses) {
  llm::model_options with = once();
  with.key = llm::secret("sk-1234567890");
  list_of_answers server({good_answer()});
  EXPECT_FALSE(ask(server, with).has_value());
  EXPECT_EQ(server.asked().at(0).headers.get("Authorization"), "Bearer sk-1234567890");

  list_of_answers without({good_answer()});
  EXPECT_FALSE(ask(without, once()).has_value());
  EXPECT_EQ(without.asked().at(0).headers.get("Authorization"), std::nullopt);
}

TEST_F(a_failing_model, refuses_a_schema_that_is_no_json_before_anybody_is_asked) {
  list_of_answers server({good_answer()});
  const auto main = [&]() -> task<> {
    const llm::model model = model_through(server.handler(), once());
    llm::generate_options options;
    options.tools.push_back({.name = "search", .description = "", .parameters = "{"});
    llm::conversation asked;
    asked.push_back(llm::message::user("hello"));
    std::string what;
    try {
      (void)co_await model.generate(std::move(asked), std::move(options));
    } catch (const std::invalid_argument& e) {
      what = e.what();
    }
    EXPECT_EQ(what, "dwell: llm::tool::parameters of search is no JSON object");
  };
  sim::run(1, main());
  EXPECT_TRUE(server.asked().empty());
}

TEST_F(a_failing_model, refuses_options_that_make_no_sense) {
  const auto model_with = [](void (*change)(llm::model_options&)) {
    llm::model_options with = once();
    change(with);
    return llm::model(with);
  };
  EXPECT_THROW(model_with([](auto& o) { o.base_url = ""; }), std::invalid_argument);
  EXPECT_THROW(model_with([](auto& o) { o.limits.max_in_flight = 0; }), std::invalid_argument);
  EXPECT_THROW(model_with([](auto& o) { o.limits.tokens.amount = -1; }), std::invalid_argument);
  EXPECT_THROW(model_with([](auto& o) { o.retries.max_attempts = 0; }), std::invalid_argument);
}

// ---- What is asked again ----

TEST_F(a_failing_model, is_asked_again_until_it_answers) {
  list_of_answers server(
      {status_answer(500), status_answer(429), status_answer(200, "{"), good_answer()});
  EXPECT_FALSE(ask(server, options_for("http://server/v1")).has_value());
  EXPECT_EQ(server.asked().size(), 4U);
}

TEST_F(a_failing_model, is_not_asked_again_when_that_cannot_help) {
  for (const int status : {400, 401, 402, 404, 413, 501}) {
    list_of_answers server({status_answer(status), good_answer()});
    EXPECT_TRUE(ask(server, options_for("http://server/v1")).has_value()) << status;
    EXPECT_EQ(server.asked().size(), 1U) << status;
  }
}

TEST_F(a_failing_model, is_asked_again_only_after_a_refusal_when_nothing_may_be_paid_for_twice) {
  llm::model_options careful = options_for("http://server/v1");
  careful.retries.retries = &llm::retry_refusals;
  for (const int status : {429, 503, 529}) {
    list_of_answers server({status_answer(status), good_answer()});
    EXPECT_FALSE(ask(server, careful).has_value()) << status;
  }
  for (const int status : {408, 500, 502, 504}) {
    list_of_answers server({status_answer(status), good_answer()});
    EXPECT_TRUE(ask(server, careful).has_value()) << status;
    EXPECT_EQ(server.asked().size(), 1U) << status;
  }
  list_of_answers garbled({status_answer(200, "{"), good_answer()});
  EXPECT_TRUE(ask(garbled, careful).has_value());
  EXPECT_EQ(garbled.asked().size(), 1U);
}

// How long a call takes that is refused once, and told to wait so long.
std::chrono::nanoseconds pause_for(const char* field, const char* value) {
  sim::http_answer refused = status_answer(429);
  refused.headers.add(field, value);
  list_of_answers server({refused, good_answer()});
  const auto main = [&]() -> task<std::chrono::nanoseconds> {
    const llm::model model = model_through(server.handler(), options_for("http://server/v1"));
    const auto begun = sim::now();
    (void)co_await model.generate("hello");
    co_return sim::now() - begun;
  };
  return sim::run(1, main());
}

TEST_F(a_failing_model, is_left_alone_for_as_long_as_it_asks_for) {
  static constexpr auto network = 100ms;  // and the jitter of pauses
  const auto is_about = [](std::chrono::nanoseconds took, std::chrono::nanoseconds wanted) {
    return took >= wanted && took < wanted + network;
  };
  EXPECT_TRUE(is_about(pause_for("Retry-After", "7"), 7s));
  EXPECT_TRUE(is_about(pause_for("Retry-After", "0.5"), 500ms));
  EXPECT_TRUE(is_about(pause_for("retry-after-ms", "1500"), 1500ms));
  EXPECT_TRUE(is_about(pause_for("Retry-After", "soon"), 0s));
  EXPECT_TRUE(is_about(pause_for("Retry-After", "-3"), 0s));
  // The simulated clock begins an hour after 1970, and shows whole seconds.
  EXPECT_TRUE(is_about(pause_for("Retry-After", "Thu, 01 Jan 1970 01:00:20 GMT"), 20s));
}

TEST_F(a_failing_model, that_wants_to_be_left_alone_for_too_long_has_failed) {
  sim::http_answer refused = status_answer(429);
  refused.headers.add("Retry-After", "3600");
  list_of_answers server({refused, good_answer()});
  const auto main = [&]() -> task<std::chrono::nanoseconds> {
    const llm::model model = model_through(server.handler(), options_for("http://server/v1"));
    const auto begun = sim::now();
    std::chrono::nanoseconds wanted{};
    try {
      (void)co_await model.generate("hello");
    } catch (const llm::error& e) {
      wanted = e.retry_after();
    }
    EXPECT_LT(sim::now() - begun, 1s);
    co_return wanted;
  };
  EXPECT_EQ(sim::run(1, main()), 1h);
  EXPECT_EQ(server.asked().size(), 1U);
}

}  // namespace
