// The cancel sweep over a model: each of its awaits is cancelled at every moment. Whatever the
// moment, no place is lost, every request is counted once, and of a stream that goes on afterwards
// not a byte is missing.
#include "conformance/sweep.hpp"

#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "llm/simulated.hpp"

namespace {

using namespace sweep;
using namespace std::chrono_literals;
namespace llm = dwell::llm;
namespace sim = dwell::sim;

// No latency, so that a trial is short; a byte at a time, so that it has many waits.
constexpr sim::http_weather still{
    .shortest_latency = 0ns, .longest_latency = 0ns, .longest_piece = 16};

llm::model_options one_at_a_time() {
  llm::model_options o = dwell_test::options_for("http://server/v1");
  o.limits.max_in_flight = 1;
  o.retries.first_pause = 10us;
  return o;
}

// The same with room for a hedge, which is sent at once.
llm::model_options hedging() {
  llm::model_options o = one_at_a_time();
  o.limits.max_in_flight = 2;
  o.hedges = 1;
  o.hedge_after = 1ns;
  return o;
}

// A server that answers when it is told to, and until then is asked in vain; the first requests are
// refused, or never answered. Its requests own it: one that was called off may end after the trial
// has.
struct slow_server {
  std::atomic<int> refusals_left{0};
  std::atomic<int> silences_left{0};
  dwell::event go;

  static task<sim::http_answer> answer(std::shared_ptr<slow_server> self, sim::http_request asked) {
    if (self->refusals_left-- > 0) co_return dwell_test::status_answer(503);
    if (self->silences_left-- > 0) co_await dwell::sleep_for(1h);
    co_await self->go.wait();
    using service = mock_llm::service;
    const mock_llm::question q = service::read(asked.body);
    const std::vector<std::string> words{"haiku", " replied"};
    if (!q.streamed) co_return sim::http_answer{.body = service::whole(q, words)};
    std::string text;
    for (const std::string& word : words) text += service::word_event(q, word);
    text += service::last_events(q, words);
    co_return sim::http_answer{.body = std::move(text)};
  }
};

struct asked : awaitable {
  explicit asked(const llm::model_options& with = one_at_a_time())
      : model(dwell_test::model_through(
            [self = server](sim::http_request question) {
              return slow_server::answer(self, std::move(question));
            },
            with, still)) {}

  std::shared_ptr<slow_server> server = std::make_shared<slow_server>();
  llm::model model;

  task<> complete(join_handle<>& victim) override {
    server->go.set();
    co_await victim.wait();
  }
  task<> check(bool got) override {
    static_cast<void>(got);
    const llm::model_statistics s = model.statistics();
    EXPECT_EQ(s.in_flight, 0U);
    EXPECT_EQ(s.waiting, 0U);
    EXPECT_EQ(s.requests, s.answers + s.failures + s.cancelled);
    co_return;
  }
};

struct generate : asked {
  using asked::asked;
  task<> wait() override {
    const llm::completion whole = co_await model.generate("hello");
    EXPECT_EQ(whole.text, "haiku replied");
  }
};

// Refused twice, with a pause after each.
struct retry final : generate {
  retry() { server->refusals_left = 2; }
};

// Somebody else has the only place, until the server is told to answer.
struct in_line final : generate {
  join_handle<llm::completion> first = dwell::spawn(model.generate("first"));

  task<> check(bool got) override {
    const llm::completion whole = co_await first;
    EXPECT_EQ(whole.text, "haiku replied");
    co_await generate::check(got);
  }
};

struct stream : asked {
  using asked::asked;
  task<> wait() override {
    llm::completion_stream begun = co_await model.stream("hello");
    const auto first = co_await begun.next();
    EXPECT_EQ(first->text, "haiku");
  }
};

// The first request is never answered: only its hedge is.
template <class Call>
struct hedged final : Call {
  hedged() : Call(hedging()) { this->server->silences_left = 1; }
};

// A stream that has begun: cancelled, it goes on with the next call.
struct begun_stream : asked {
  std::optional<llm::completion_stream> begun;
  std::string heard;

  task<> begin() {
    server->go.set();
    auto shielded = dwell::shield(model.stream("hello"));
    begun.emplace(co_await std::move(shielded));
  }
  task<> hear() {
    while (const auto piece = co_await begun->next()) heard += piece->text;
  }
  task<> check(bool got) override {
    if (begun) {
      co_await hear();
      const llm::completion whole = co_await begun->result();
      EXPECT_EQ(whole.text, "haiku replied");
      EXPECT_EQ(whole.finish, llm::finish_reason::stop);
      begun.reset();
    }
    co_await asked::check(got);
  }
};

struct next final : begun_stream {
  task<> wait() override {
    co_await begin();
    co_await hear();
  }
  task<> check(bool got) override {
    const bool has_begun = begun.has_value();
    co_await begun_stream::check(got);
    EXPECT_EQ(heard, has_begun ? "haiku replied" : "");
  }
};

struct result final : begun_stream {
  task<> wait() override {
    co_await begin();
    (void)co_await begun->result();
  }
};

const row rows[] = {{"generate", &make<generate>},
                    {"retry", &make<retry>},
                    {"in_line", &make<in_line>},
                    {"stream", &make<stream>},
                    {"next", &make<next>},
                    {"result", &make<result>},
                    {"hedged_generate", &make<hedged<generate>>},
                    {"hedged_stream", &make<hedged<stream>>}};

class llm_sweep : public testing::TestWithParam<row> {
 protected:
  // A request that was called off ends by itself, and the end of the runtime waits for it.
  static void sweep_on(unsigned workers) {
    const dwell_test::watchdog dog("the cancel sweep of " + std::string(GetParam().name));
    const auto before = dwell::core::live_frames();
    tally ends;
    dwell::run(sweep_moments(GetParam(), ends), dwell_test::workers(workers));
    EXPECT_EQ(dwell::core::live_frames(), before);
    EXPECT_GT(ends.values, 0);
    EXPECT_GT(ends.cancels, 0);
  }
};
INSTANTIATE_TEST_SUITE_P(awaits, llm_sweep, testing::ValuesIn(rows), name_of);

class llm_sweep_simulated : public every_simulated_await {};
INSTANTIATE_TEST_SUITE_P(awaits, llm_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(llm_sweep_simulated, leaves_nothing_behind_over_the_seeds) { sweep_seeds(); }

TEST_P(llm_sweep, leaves_nothing_behind_on_one_worker) { sweep_on(1); }
TEST_P(llm_sweep, leaves_nothing_behind_on_two_workers) { sweep_on(2); }
TEST_P(llm_sweep, leaves_nothing_behind_on_four_workers) { sweep_on(4); }

}  // namespace
