// Hedged requests, in virtual time: a question whose answer does not begin is asked once more, and
// the first good answer counts.
#include <chrono>
#include <cstddef>
#include <functional>
#include <gtest/gtest.h>
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

// No way is long: what takes time is the server.
constexpr sim::http_weather still{.shortest_latency = 0ns, .longest_latency = 0ns};

sim::http_weather slow_pieces_of(std::size_t bytes) {
  return {.shortest_latency = 15ms, .longest_latency = 15ms, .longest_piece = bytes};
}

constexpr auto never = 10h;

// How one request is answered.
struct turn {
  std::chrono::nanoseconds after{};
  sim::http_answer answer = good_answer();
};

// Answers each request in its turn, the last one for ever, and knows who is still inside.
class scripted_server {
 public:
  explicit scripted_server(std::vector<turn> turns) : turns_(std::move(turns)) {}

  [[nodiscard]] sim::http_transport::handler handler() {
    return [this](sim::http_request) { return answer(turns_[std::min(asked, turns_.size() - 1)]); };
  }

  std::size_t asked = 0;
  std::size_t answered = 0;
  std::size_t left = 0;  // by who had asked

 private:
  task<sim::http_answer> answer(turn t) {
    ++asked;
    try {
      co_await dwell::sleep_for(t.after);
    } catch (const dwell::cancelled&) {
      ++left;
      throw;
    }
    ++answered;
    co_return t.answer;
  }

  const std::vector<turn> turns_;
};

llm::model_options hedging(unsigned hedges = 1) {
  llm::model_options o = options_for("http://server/v1");
  o.hedges = hedges;
  o.hedge_after = 2s;
  o.retries.max_attempts = 1;
  return o;
}

sim::http_answer streamed_answer() {
  const mock_llm::question asked{.model = "haiku", .prompt = "hello", .streamed = true};
  const std::vector<std::string> words{"hi", " there"};
  std::string text;
  for (const std::string& word : words) text += mock_llm::service::word_event(asked, word);
  return {.body = text + mock_llm::service::last_events(asked, words)};
}

class a_hedged_call : public no_frames_left {
 protected:
  // Asks one question of such a server, and waits until all that was begun there has ended.
  template <class T>
  static T ask(scripted_server& server, const llm::model_options& with,
               std::function<task<T>(const llm::model&)> call,
               const sim::http_weather& weather = still) {
    const auto main = [&]() -> task<T> {
      const llm::model model = model_through(server.handler(), with, weather);
      T result = co_await call(model);
      const llm::model_statistics s = model.statistics();
      EXPECT_EQ(s.in_flight, 0U);
      EXPECT_EQ(s.requests, s.answers + s.failures + s.cancelled);
      co_await dwell::sleep_for(1ms);
      EXPECT_EQ(server.asked, server.answered + server.left) << "somebody is still answering";
      co_return result;
    };
    return sim::run(1, main());
  }

  struct end {
    llm::completion answer{};
    std::chrono::nanoseconds took{};
  };
  static task<end> generate(const llm::model& model) {
    const auto begun = sim::now();
    llm::completion answer = co_await model.generate("hello");
    co_return end{std::move(answer), sim::now() - begun};
  }
  static task<end> stream(const llm::model& model) {
    const auto begun = sim::now();
    llm::completion_stream words = co_await model.stream("hello");
    llm::completion answer = co_await words.result();
    co_return end{std::move(answer), sim::now() - begun};
  }
  static end generated(scripted_server& server, const llm::model_options& with = hedging(),
                       const sim::http_weather& weather = still) {
    return ask<end>(server, with, &generate, weather);
  }
  static end streamed(scripted_server& server, const llm::model_options& with = hedging(),
                      const sim::http_weather& weather = still) {
    return ask<end>(server, with, &stream, weather);
  }

  struct failed {
    ask_fault fault{};
    std::chrono::nanoseconds took{};
  };
  static failed fails(scripted_server& server, const llm::model_options& with = hedging()) {
    return ask<failed>(server, with, [](const llm::model& model) -> task<failed> {
      const auto begun = sim::now();
      const auto fault = co_await ask_fault_of(model.generate("hello"));
      EXPECT_TRUE(fault.has_value());
      co_return failed{fault.value_or(ask_fault{}), sim::now() - begun};
    });
  }

 private:
  const watchdog dog_{"a hedged call"};
};

TEST_F(a_hedged_call, is_none_unless_it_is_asked_for) {
  scripted_server server({{.after = 1h}});
  llm::model_options plain = hedging(0);
  plain.times.first_byte = 2h;
  const end e = generated(server, plain);
  EXPECT_EQ(e.answer.requests, 1U);
  EXPECT_EQ(server.asked, 1U);
}

TEST_F(a_hedged_call, needs_a_time_to_wait) {
  llm::model_options o = hedging();
  o.hedge_after = 0s;
  EXPECT_THROW(llm::model{o}, std::invalid_argument);
}

TEST_F(a_hedged_call, asks_once_of_a_server_that_answers_in_time) {
  scripted_server server({{.after = 1999ms}});
  const end e = generated(server);
  EXPECT_EQ(e.took, 1999ms);
  EXPECT_EQ(e.answer.requests, 1U);
}

TEST_F(a_hedged_call, takes_the_answer_of_the_second_request_and_leaves_the_first) {
  scripted_server server({{.after = never}, {.after = 1s}});
  const end e = generated(server);
  EXPECT_EQ(e.answer.text, "hi");
  EXPECT_EQ(e.took, 3s);
  EXPECT_EQ(e.answer.requests, 2U);
  EXPECT_EQ(server.left, 1U);
}

TEST_F(a_hedged_call, takes_the_answer_of_the_first_request_if_that_comes_first) {
  scripted_server server({{.after = 3s}, {.after = never}});
  const end e = generated(server);
  EXPECT_EQ(e.took, 3s);
  EXPECT_EQ(e.answer.requests, 2U);
  EXPECT_EQ(server.left, 1U);
}

TEST_F(a_hedged_call, asks_no_more_often_than_it_may) {
  scripted_server server({{.after = never}, {.after = never}, {.after = never}, {.after = never}});
  llm::model_options o = hedging(3);
  o.times.first_byte = 1h;
  const failed f = fails(server, o);
  EXPECT_EQ(f.fault.reason, llm::failure::timed_out);
  EXPECT_EQ(server.asked, 4U);
  EXPECT_EQ(f.took, 1h + 3 * 2s) << "the last one to be asked is waited for";
}

TEST_F(a_hedged_call, asks_nobody_else_once_an_answer_has_begun) {
  scripted_server server({{.after = 0s}});
  llm::model_options o = hedging();
  o.hedge_after = 100ms;
  const end e = generated(server, o, slow_pieces_of(2));
  EXPECT_GT(e.took, 500ms) << "its pieces came slowly";
  EXPECT_EQ(server.asked, 1U);
}

// ---- Streams ----

TEST_F(a_hedged_call, of_a_stream_takes_who_gives_a_piece_first) {
  scripted_server server({{.after = never}, {.after = 1s, .answer = streamed_answer()}});
  const end e = streamed(server);
  EXPECT_EQ(e.answer.text, "hi there");
  EXPECT_EQ(e.took, 3s);
  EXPECT_EQ(e.answer.requests, 2U);
  EXPECT_EQ(server.left, 1U);
}

TEST_F(a_hedged_call, of_a_stream_asks_nobody_else_once_a_piece_was_given) {
  scripted_server server({{.answer = streamed_answer()}});
  const end e = streamed(server, hedging(), slow_pieces_of(4));
  EXPECT_GT(e.took, 2s) << "its pieces came slowly";
  EXPECT_EQ(e.answer.requests, 1U);
  EXPECT_EQ(server.asked, 1U);
}

// The head of a stream is no answer: this one has sent it, and then thinks.
TEST_F(a_hedged_call, of_a_stream_is_not_content_with_a_head) {
  sim::http_answer silent = streamed_answer();
  silent.body.insert(0, std::string(2'000, '\n'));
  scripted_server server({{.answer = silent}, {.answer = streamed_answer()}});
  const end e = streamed(server, hedging(), slow_pieces_of(4));
  EXPECT_EQ(e.answer.text, "hi there");
  EXPECT_EQ(e.answer.requests, 2U);
}

// ---- Limits ----

TEST_F(a_hedged_call, asks_nobody_else_where_there_is_no_place) {
  scripted_server server({{.after = 10s}});
  llm::model_options o = hedging();
  o.limits.max_in_flight = 1;
  const end e = generated(server, o);
  EXPECT_EQ(e.took, 10s);
  EXPECT_EQ(server.asked, 1U);
}

TEST_F(a_hedged_call, asks_nobody_else_beyond_the_rate_of_requests) {
  scripted_server server({{.after = 10s}});
  llm::model_options o = hedging();
  o.limits.requests = {.amount = 1, .per = 1min};
  o.limits.tokens = {.amount = 1e6, .per = 1min};
  const end e = generated(server, o);
  EXPECT_EQ(e.took, 10s);
  EXPECT_EQ(server.asked, 1U);
}

TEST_F(a_hedged_call, asks_nobody_else_beyond_the_rate_of_tokens) {
  scripted_server server({{.after = 10s}});
  llm::model_options o = hedging();
  o.limits.expected_output = 1'000;
  o.limits.tokens = {.amount = 1'500, .per = 1min};
  const end e = generated(server, o);
  EXPECT_EQ(e.took, 10s);
  EXPECT_EQ(server.asked, 1U);
}

// Two calls and one place: the second has been in line for longer than a hedge waits.
TEST_F(a_hedged_call, does_not_count_the_time_in_line) {
  scripted_server server({{.after = 10s}, {.after = 1s}});
  llm::model_options o = hedging();
  o.limits.max_in_flight = 1;
  const auto both = [](const llm::model& model) -> task<std::uint64_t> {
    auto two = dwell::gather(model.generate("hello"), model.generate("hello"));
    const auto [first, second] = co_await std::move(two);
    co_return first.requests + second.requests;
  };
  EXPECT_EQ(ask<std::uint64_t>(server, o, both), 2U);
  EXPECT_EQ(server.asked, 2U);
}

// ---- Failures ----

TEST_F(a_hedged_call, survives_a_hedge_that_fails) {
  scripted_server server({{.after = 5s}, {.after = 1s, .answer = status_answer(500)}});
  const end e = generated(server);
  EXPECT_EQ(e.answer.text, "hi");
  EXPECT_EQ(e.took, 5s);
  EXPECT_EQ(e.answer.requests, 2U);
}

TEST_F(a_hedged_call, survives_a_first_request_that_fails_beside_a_hedge) {
  scripted_server server({{.after = 3s, .answer = status_answer(500)}, {.after = 5s}});
  const end e = generated(server);
  EXPECT_EQ(e.answer.text, "hi");
  EXPECT_EQ(e.took, 2s + 5s);
  EXPECT_EQ(e.answer.requests, 2U);
}

TEST_F(a_hedged_call, waits_for_no_hedge_when_all_that_were_sent_have_failed) {
  scripted_server server({{.after = 1s, .answer = status_answer(500)}});
  const failed f = fails(server, hedging(3));
  EXPECT_EQ(f.fault.status, 500);
  EXPECT_EQ(f.took, 1s);
  EXPECT_EQ(server.asked, 1U);
}

TEST_F(a_hedged_call, is_asked_again_with_hedges_of_its_own) {
  scripted_server server({{.after = 1s, .answer = status_answer(503)}, {.after = never}, {}});
  llm::model_options o = hedging();
  o.retries.max_attempts = 2;
  const end e = generated(server, o);
  EXPECT_EQ(e.answer.requests, 3U);
  EXPECT_EQ(server.left, 1U);
}

// Of a request that was worked on and one that was refused, the first says how far the call came.
TEST_F(a_hedged_call, tells_no_less_than_how_far_it_came) {
  for (const auto& [slow, quick] : {std::pair(500, 429), std::pair(429, 500)}) {
    scripted_server server({{.after = 5s, .answer = status_answer(slow)},
                            {.after = 1s, .answer = status_answer(quick)}});
    const failed f = fails(server);
    EXPECT_EQ(f.fault.status, 500);
    EXPECT_EQ(f.took, 5s);
  }
}

// ---- Who gives up ----

TEST_F(a_hedged_call, that_is_cancelled_leaves_every_server) {
  scripted_server server({{.after = never}});
  const auto limited = [](const llm::model& model) -> task<bool> {
    auto call = dwell::move_on_after(5s, model.generate("hello"));
    const auto answer = co_await std::move(call);
    co_return answer.has_value();
  };
  EXPECT_FALSE(ask<bool>(server, hedging(), limited));
  EXPECT_EQ(server.asked, 2U);
  EXPECT_EQ(server.left, 2U);
}

TEST_F(a_hedged_call, is_counted) {
  scripted_server server({{.after = never}, {.after = 1s}});
  const auto counted = [](const llm::model& model) -> task<llm::model_statistics> {
    (void)co_await model.generate("hello");
    co_return model.statistics();
  };
  const auto s = ask<llm::model_statistics>(server, hedging(), counted);
  EXPECT_EQ(s.requests, 2U);
  EXPECT_EQ(s.hedges, 1U);
  EXPECT_EQ(s.answers, 1U);
  EXPECT_EQ(s.cancelled, 1U);
}

}  // namespace
