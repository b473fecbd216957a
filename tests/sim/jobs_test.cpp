// blocking() and compute() in a simulated world: no thread, and virtual time.
#include <chrono>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/sim/run.hpp>

#include "support/workers.hpp"

namespace {

namespace sim = dwell::sim;
using dwell::task;
using namespace std::chrono_literals;

class sim_jobs : public dwell_test::no_frames_left {};

TEST_F(sim_jobs, give_their_values_and_take_virtual_time) {
  const auto both = []() -> task<int> {
    const auto start = sim::now();
    const int a = co_await dwell::blocking([] { return 40; });
    const int b = co_await dwell::compute([](int n) { return n; }, 2);
    EXPECT_GT(sim::now(), start);
    EXPECT_LE(sim::now() - start, 4h);
    co_return a + b;
  };
  EXPECT_EQ(sim::run(1, both(), {.job_time = 1h}), 42);
}

TEST_F(sim_jobs, throw_what_their_function_throws) {
  const auto fails = []() -> task<> {
    co_await dwell::blocking([] { throw std::runtime_error("no such file"); });
  };
  EXPECT_THROW(sim::run(1, fails(), {.print_replay = false}), std::runtime_error);
}

TEST_F(sim_jobs, run_outside_of_every_runtime) {
  const auto inside = []() -> task<bool> {
    co_return co_await dwell::blocking([] { return dwell::core::current_context == nullptr; });
  };
  EXPECT_TRUE(sim::run(1, inside()));
}

TEST_F(sim_jobs, end_in_an_order_that_the_seed_chooses) {
  const auto add = [](std::string& out, char c) -> task<> {
    co_await dwell::blocking([&out, c] { out += c; });
  };
  const auto two = [&add](std::string& out) -> task<> {
    co_await dwell::gather(add(out, 'a'), add(out, 'b'));
  };
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::string out;
    sim::run(seed, two(out));
    orders.insert(out);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"ab", "ba"}));
}

TEST_F(sim_jobs, wait_for_a_free_thread) {
  const auto three = []() -> task<std::chrono::nanoseconds> {
    const auto start = sim::now();
    const auto nothing = [] {};
    co_await dwell::gather(dwell::blocking(nothing), dwell::blocking(nothing),
                           dwell::blocking(nothing));
    co_return sim::now() - start;
  };
  std::chrono::nanoseconds alone{0};
  std::chrono::nanoseconds together{0};
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    alone += sim::run(seed, three(), {.blocking_threads = 1});
    together += sim::run(seed, three(), {.blocking_threads = 3});
  }
  EXPECT_GT(alone, together);
}

struct ends {
  int never_ran = 0;
  int stopped = 0;
  int ran = 0;
};

task<> cancelled_after(std::chrono::nanoseconds limit, ends& e) {
  int calls = 0;
  bool told = false;
  const bool in_time =
      co_await dwell::move_on_after(limit, dwell::blocking([&](std::stop_token stop) {
                                      ++calls;
                                      told = stop.stop_requested();
                                    }));
  EXPECT_LE(calls, 1);
  EXPECT_EQ(in_time, calls == 1);  // what a function that began gives is given
  ++(calls == 0 ? e.never_ran : told ? e.stopped : e.ran);
}

TEST_F(sim_jobs, are_cancelled_before_they_begin_and_told_while_they_run) {
  ends e;
  for (std::uint64_t seed = 1; seed <= 100; ++seed)
    sim::run(seed, cancelled_after(8ms, e), {.job_time = 10ms});
  EXPECT_GT(e.never_ran, 0);
  EXPECT_GT(e.stopped, 0);
  EXPECT_GT(e.ran, 0);
}

TEST_F(sim_jobs, that_were_abandoned_end_before_the_run_does) {
  bool ended = false;
  const auto leaves = [&ended]() -> task<> {
    const auto slow = [&ended] { ended = true; };
    co_await dwell::move_on_after(1ns, dwell::blocking(dwell::abandon_on_cancel, slow));
  };
  int begun = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ended = false;
    sim::run(seed, leaves(), {.job_time = 2ns});
    begun += ended ? 1 : 0;
  }
  EXPECT_GT(begun, 0);
}

}  // namespace
