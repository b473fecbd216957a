// Models in bad weather, over a thousand seeds: every call has its answer or an error that says the
// truth, nothing is asked twice that may not be, and no limit is exceeded.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>
#include <dwell/sim/http_transport.hpp>
#include <dwell/sim/run.hpp>

#include "llm/simulated.hpp"
#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;

constexpr int calls = 16;
constexpr int most_in_flight = 4;
constexpr double requests_a_second = 20;
constexpr double request_burst = 5;

// What arrived at the server when, and how often it worked on each question.
struct diary {
  std::vector<std::chrono::nanoseconds> arrivals{};
  std::map<std::string, int> worked_on{};
};

// How the calls ended, and how many requests were hedges.
struct tally {
  int answers = 0;
  int errors = 0;
  std::uint64_t hedges = 0;
};

std::string answer_to(const std::string& prompt) { return "the answer to " + prompt + " is long"; }

mock_llm::behaviour moody(diary& d) {
  mock_llm::behaviour how;
  how.first_token = 30ms;
  how.jitter = 60ms;
  how.refuse = 0.1;
  how.overload = 0.05;
  how.fail = 0.05;
  how.cut = 0.05;
  how.malformed = 0.05;
  how.retry_after = 100ms;
  how.says = [&d](const mock_llm::question& asked) {
    ++d.worked_on[asked.prompt];
    return answer_to(asked.prompt);
  };
  return how;
}

sim::http_transport::handler noting(diary& d, sim::http_transport::handler then) {
  return [&d, then](sim::http_request asked) {
    d.arrivals.push_back(sim::now().time_since_epoch());
    return then(std::move(asked));
  };
}

constexpr sim::http_weather bad_weather{
    .longest_piece = 40, .refuse = 0.05, .reset = 0.01, .cut = 0.005};

llm::model_options limited(bool may_ask_twice) {
  llm::model_options o = options_for("http://server/v1");
  o.limits.max_in_flight = most_in_flight;
  o.limits.requests = {.amount = requests_a_second, .per = 1s, .burst = request_burst};
  o.times.first_byte = 2s;
  o.times.idle = 1s;
  o.retries.max_attempts = 3;
  o.retries.first_pause = 50ms;
  if (!may_ask_twice) o.retries.retries = &llm::retry_refusals;
  return o;
}

// Asked in one attempt, by three requests at most.
llm::model_options hedging() {
  llm::model_options o = limited(true);
  o.retries.max_attempts = 1;
  o.hedges = 2;
  o.hedge_after = 60ms;
  return o;
}

void demand(bool holds, const std::string& what) {
  if (!holds) throw std::logic_error(what);
}

task<> ask_whole(const llm::model& model, std::string prompt, tally& ends) {
  try {
    const llm::completion answer = co_await model.generate(prompt);
    demand(answer.text == answer_to(prompt), "a wrong answer: " + answer.text);
    ++ends.answers;
  } catch (const llm::error&) {
    ++ends.errors;
  }
}

// What was given is a beginning of the answer, and is given once.
task<> ask_in_pieces(const llm::model& model, std::string prompt, diary& d, tally& ends) {
  std::string given;
  int worked_on = 0;
  try {
    llm::completion_stream stream = co_await model.stream(prompt);
    worked_on = d.worked_on[prompt];
    while (const auto piece = co_await stream.next()) given += piece->text;
    const llm::completion whole = co_await stream.result();
    demand(whole.text == answer_to(prompt) && given == whole.text, "a wrong answer: " + given);
    ++ends.answers;
  } catch (const llm::error&) {
    demand(answer_to(prompt).starts_with(given), "no beginning of the answer: " + given);
    ++ends.errors;
  }
  if (!given.empty())
    demand(d.worked_on[prompt] == worked_on, "asked again after a piece was given: " + prompt);
}

// In no time are there more than the rate and the burst allow, but for what the way there takes.
void check_rate(std::vector<std::chrono::nanoseconds> at) {
  constexpr std::chrono::duration<double> way = 10ms;
  std::sort(at.begin(), at.end());
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t j = i; j < at.size(); ++j) {
      const std::chrono::duration<double> span = at[j] - at[i] + way;
      const double most = request_burst + requests_a_second * span.count() + 1;
      demand(static_cast<double>(j - i + 1) <= most, "more requests than the rate allows");
    }
}

void check_places(const llm::model_statistics& s) {
  demand(s.in_flight == 0 && s.waiting == 0, "a place is lost");
  demand(s.requests == s.answers + s.failures + s.cancelled, "an attempt was not counted");
}

task<> after(std::chrono::nanoseconds pause, task<> call) {
  co_await dwell::sleep_for(pause);
  co_await std::move(call);
}

// The calls begin within some time; `most` is how often a question may be worked on.
task<> ask_often(llm::model_options with, std::chrono::nanoseconds within, int most, tally& ends) {
  diary d;
  mock_llm::service service(moody(d));
  {
    const llm::model model = model_through(noting(d, answering(service)), with, bad_weather);
    std::vector<task<>> all;
    for (int i = 0; i < calls; ++i) {
      const std::string prompt = "question " + std::to_string(i);
      auto call =
          i % 2 == 0 ? ask_whole(model, prompt, ends) : ask_in_pieces(model, prompt, d, ends);
      all.push_back(after(dwell::random_duration(0ns, within), std::move(call)));
    }
    co_await dwell::gather(std::move(all));
    check_places(model.statistics());
    ends.hedges += model.statistics().hedges;
  }
  co_await dwell::sleep_for(1ms);  // the server hears of it
  demand(service.seen().inside == 0, "a request outlived its call");
  demand(service.seen().most_inside <= most_in_flight, "more in flight than may be");
  check_rate(d.arrivals);
  for (const auto& [prompt, times] : d.worked_on)
    demand(times <= most, prompt + " was worked on too often");
}

class models_in_bad_weather : public no_frames_left {
 private:
  const watchdog dog_{"models in bad weather"};
};

TEST_F(models_in_bad_weather, lose_nothing_and_keep_to_their_limits) {
  tally ends;
  std::int64_t worlds = 0;
  each_seed(1000, [&](std::uint64_t seed) {
    sim::run(seed, ask_often(limited(true), 0s, 3, ends));
    ++worlds;
  });
  EXPECT_EQ(ends.answers + ends.errors, worlds * calls);
  EXPECT_GT(ends.answers, ends.errors);
}

TEST_F(models_in_bad_weather, are_asked_once_where_an_answer_may_not_be_paid_for_twice) {
  tally ends;
  std::int64_t worlds = 0;
  each_seed(1000, [&](std::uint64_t seed) {
    sim::run(seed, ask_often(limited(false), 0s, 1, ends));
    ++worlds;
  });
  EXPECT_EQ(ends.answers + ends.errors, worlds * calls);
  EXPECT_EQ(ends.hedges, 0U);
}

TEST_F(models_in_bad_weather, lose_nothing_and_keep_to_their_limits_when_they_hedge) {
  tally ends;
  std::int64_t worlds = 0;
  each_seed(1000, [&](std::uint64_t seed) {
    sim::run(seed, ask_often(hedging(), 2s, 3, ends));
    ++worlds;
  });
  EXPECT_EQ(ends.answers + ends.errors, worlds * calls);
  EXPECT_GT(ends.hedges, 0U);
}

// A call that is called off at any moment leaves its place, and its server.
task<> give_up_on_some(llm::model_options with, tally& ends) {
  diary d;
  mock_llm::service service(moody(d));
  {
    const llm::model model = model_through(answering(service), with, bad_weather);
    std::vector<task<>> all;
    for (int i = 0; i < calls; ++i) {
      const std::string prompt = "question " + std::to_string(i);
      auto call =
          i % 2 == 0 ? ask_whole(model, prompt, ends) : ask_in_pieces(model, prompt, d, ends);
      const auto patience = dwell::random_duration(0ns, 2s);
      const auto impatient = [](task<> what, std::chrono::nanoseconds limit) -> task<> {
        (void)co_await dwell::move_on_after(limit, std::move(what));
      };
      all.push_back(impatient(std::move(call), patience));
    }
    co_await dwell::gather(std::move(all));
    check_places(model.statistics());
  }
  demand(service.seen().most_inside <= most_in_flight, "more in flight than may be");
}

TEST_F(models_in_bad_weather, are_left_by_those_who_give_up_as_if_they_had_not_come) {
  tally ends;
  each_seed(1000, [&](std::uint64_t seed) {
    sim::run(seed, give_up_on_some(seed % 2 == 0 ? limited(true) : hedging(), ends));
  });
  EXPECT_GT(ends.answers, 0);
}

}  // namespace
