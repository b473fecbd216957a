// What a model's limits do, in virtual time.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "llm/simulated.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;

class a_limited_model : public no_frames_left {
 protected:
  // How long ten calls take, one after the other, of a server that answers so.
  static std::chrono::nanoseconds ten_calls(sim::http_answer answer,
                                            const llm::model_limits& limits) {
    list_of_answers server({std::move(answer)});
    const auto main = [&]() -> task<std::chrono::nanoseconds> {
      llm::model_options with = options_for("http://server/v1");
      with.limits = limits;
      with.retries.max_attempts = 1;
      const llm::model model = model_through(server.handler(), with);
      const auto begun = sim::now();
      for (int i = 0; i < 10; ++i) (void)co_await ask_fault_of(model.generate("hello"));
      co_return sim::now() - begun;
    };
    return sim::run(1, main());
  }

 private:
  const watchdog dog_{"a limited model"};
};

// A question is guessed at something over 100 tokens, and the answer says that it took 7.
llm::model_limits hundred_tokens_a_second() {
  llm::model_limits limits;
  limits.tokens = {.amount = 100, .per = 1s};
  limits.expected_output = 100;
  return limits;
}

TEST_F(a_limited_model, asks_no_faster_than_its_rate_of_requests) {
  llm::model_limits limits;
  limits.requests = {.amount = 60, .per = 1min, .burst = 2};
  EXPECT_GE(ten_calls(good_answer(), limits), 8s);  // two at once, and one each second
  EXPECT_LT(ten_calls(good_answer(), limits), 9s);
}

TEST_F(a_limited_model, waits_for_the_tokens_that_answers_took_and_not_for_those_it_guessed) {
  EXPECT_LT(ten_calls(good_answer(), hundred_tokens_a_second()), 2s);
}

TEST_F(a_limited_model, gives_back_the_tokens_of_a_request_that_was_refused) {
  EXPECT_LT(ten_calls(status_answer(503), hundred_tokens_a_second()), 2s);
}

TEST_F(a_limited_model, keeps_to_its_guess_where_nobody_says_what_a_request_took) {
  EXPECT_GE(ten_calls(status_answer(500), hundred_tokens_a_second()), 9s);
  const sim::http_answer silent{.body = R"({"choices":[{"message":{"content":"hi"}}]})"};
  EXPECT_GE(ten_calls(silent, hundred_tokens_a_second()), 9s);
}

TEST_F(a_limited_model, lets_others_in_while_a_call_pauses) {
  sim::http_answer busy = status_answer(429);
  busy.headers.add("Retry-After", "30");
  list_of_answers server({busy, good_answer()});
  const auto main = [&]() -> task<> {
    llm::model_options with = options_for("http://server/v1");
    with.limits.max_in_flight = 1;
    const llm::model model = model_through(server.handler(), with);
    const auto begun = sim::now();
    const auto second = [&]() -> task<> {
      co_await dwell::sleep_for(1s);  // the first one has been refused by now
      (void)co_await model.generate("hello");
      EXPECT_LT(sim::now() - begun, 2s);
    };
    auto both = dwell::gather(model.generate("hello"), second());
    (void)co_await std::move(both);
    EXPECT_GE(sim::now() - begun, 30s);
  };
  sim::run(1, main());
}

}  // namespace
