// The pool with its threads: hooks, names, start and stop.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <mutex>
#include <pthread.h>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <dwell/scheduler/pool.hpp>
#include <dwell/task/background.hpp>
#include <dwell/task/task.hpp>

#include "scheduler/hand_driven.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::scheduler::pool;
using dwell_test::lone_chain;
using dwell_test::scaled;
using dwell_test::watchdog;

/// What the threads of a pool told their hooks.
struct report {
  std::mutex lock;
  std::multiset<unsigned> started;
  std::multiset<unsigned> stopped;
  std::set<std::string> names;
  std::set<std::thread::id> threads;
};

dwell::scheduler::thread_hooks reporting_to(report& r) {
  return {.on_start =
              [&r](unsigned worker) {
                char name[16] = {};
                pthread_getname_np(pthread_self(), name, sizeof name);
                const std::lock_guard guard(r.lock);
                r.started.insert(worker);
                r.names.insert(name);
                r.threads.insert(std::this_thread::get_id());
              },
          .on_stop =
              [&r](unsigned worker) {
                const std::lock_guard guard(r.lock);
                r.stopped.insert(worker);
                r.threads.insert(std::this_thread::get_id());
              },
          .on_all_asleep = {}};
}

task<> count(std::atomic<int>& counter) {
  counter.fetch_add(1);
  co_return;
}

void wait_for(const std::atomic<int>& counter, int value) {
  while (counter.load() < value) std::this_thread::yield();
}

TEST(pool_threads, call_each_hook_once_on_their_own_thread) {
  report r;
  {
    pool p(3, {}, reporting_to(r));
    p.start_threads("hooked");
    p.stop_threads();
    EXPECT_EQ(r.stopped, (std::multiset<unsigned>{0, 1, 2}));
  }
  EXPECT_EQ(r.started, (std::multiset<unsigned>{0, 1, 2}));
  EXPECT_EQ(r.stopped, (std::multiset<unsigned>{0, 1, 2}));
  EXPECT_EQ(r.threads.size(), 3u);
  EXPECT_EQ(r.threads.count(std::this_thread::get_id()), 0u);
}

TEST(pool_threads, are_named_after_the_pool_and_their_number) {
  report r;
  {
    pool p(2, {}, reporting_to(r));
    p.start_threads("named");
  }
  EXPECT_EQ(r.names, (std::set<std::string>{"named-0", "named-1"}));
}

TEST(pool_threads, say_when_all_of_them_sleep) {
  const watchdog alarm("nobody said that all sleep");
  for (const unsigned workers : {1u, 2u, 4u}) {
    std::atomic<int> said{0};
    pool p(workers, {}, {{}, {}, [&] { said.fetch_add(1); }});
    p.start_threads("sleepers");
    for (int before = 0; before < 20; ++before) {
      wait_for(said, before + 1);
      std::atomic<int> ran{0};
      lone_chain chain(count(ran));
      p.start(chain.root());
      while (!chain.ended()) std::this_thread::yield();
    }
  }
}

TEST(pool_threads, are_quiescent_once_they_have_nothing_to_do) {
  const watchdog alarm("the pool never came to rest");
  pool p(2, {});
  p.start_threads("resting");
  while (!p.quiescent()) std::this_thread::yield();
  std::atomic<int> ran{0};
  lone_chain chain(count(ran));
  p.start(chain.root());
  while (!chain.ended() || !p.quiescent()) std::this_thread::yield();
  EXPECT_EQ(ran, 1);
}

TEST(pool_threads, run_what_was_started_before_them) {
  const watchdog alarm("work from before the start was forgotten");
  pool p(2, {});
  std::atomic<int> ran{0};
  lone_chain chain(count(ran));
  p.start(chain.root());
  p.start_threads("late");
  wait_for(ran, 1);
  while (!chain.ended()) std::this_thread::yield();
}

TEST(pool_threads, can_be_stopped_at_once_and_again_and_again) {
  const watchdog alarm("a stop hung");
  const std::int64_t rounds = scaled(300);
  for (std::int64_t i = 0; i < rounds; ++i) {
    pool p(1 + static_cast<std::uint32_t>(i % 4), {});
    p.start_threads("brief");
    p.stop_threads();
    p.stop_threads();
  }
}

TEST(pool_threads, can_be_started_again_after_a_stop) {
  const watchdog alarm("a restarted pool lost a wake-up");
  pool p(2, {});
  for (int round = 0; round < 20; ++round) {
    p.start_threads("again");
    for (int i = 0; i < 20; ++i) {
      std::atomic<int> ran{0};
      lone_chain chain(count(ran));
      p.start(chain.root());
      while (!chain.ended()) std::this_thread::yield();
    }
    p.stop_threads();
  }
}

}  // namespace
