// Threads that end while they use a runtime: the destructors of their thread_locals still may, both
// those that run before the thread's free lists of frames are gone and those that run after.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::scaled;
using dwell_test::workers;
using namespace std::chrono_literals;

task<> add_one(std::atomic<std::int64_t>& count) {
  count.fetch_add(1);
  co_return;
}

// What a thread does last.
struct last_act {
  dwell::runtime* spawns_on = nullptr;
  std::atomic<std::int64_t>* counts = nullptr;
  std::optional<dwell::oneshot_sender<int>> sends{};
  dwell::join_handle<> cancels{};

  ~last_act() {
    if (spawns_on != nullptr) spawns_on->spawn(add_one(*counts)).detach();
    if (sends) sends->send(1);
    if (cancels.joinable()) (void)cancels.cancel();
  }
};
// Destroyed in the opposite order of their first use.
thread_local last_act after_the_free_lists;
thread_local last_act before_the_free_lists;

class an_ending_thread : public dwell_test::on_workers {
 protected:
  // Lets `prepare` make both arrangements, with the thread's first frames in between.
  template <class Prepare>
  void end_a_thread(Prepare prepare) {
    prepare(after_the_free_lists);
    rt.spawn(add_one(ran)).detach();
    prepare(before_the_free_lists);
  }
  void await_ran(std::int64_t count) const {
    while (ran.load() < count) std::this_thread::yield();
  }

  std::atomic<std::int64_t> ran{0};
  dwell::runtime rt{pool()};

 private:
  const dwell_test::watchdog dog_{"a thread that ends"};
};
INSTANTIATE_TEST_SUITE_P(workers, an_ending_thread, dwell_test::each_worker_count());

TEST_P(an_ending_thread, spawns_from_the_destructors_of_its_thread_locals) {
  constexpr std::int64_t at_a_time = 4;
  const std::int64_t rounds = scaled(2'500);
  for (std::int64_t i = 0; i < rounds; ++i) {
    std::vector<std::thread> threads;
    for (std::int64_t t = 0; t < at_a_time; ++t)
      threads.emplace_back([&] {
        end_a_thread([&](last_act& act) {
          act.spawns_on = &rt;
          act.counts = &ran;
        });
      });
    for (std::thread& t : threads) t.join();
  }
  await_ran(3 * rounds * at_a_time);
}

TEST_P(an_ending_thread, wakes_who_waits_for_it) {
  const auto receives = [](dwell::oneshot_receiver<int> from) -> task<int> {
    co_return co_await from;
  };
  for (std::int64_t i = scaled(200); i > 0; --i) {
    std::vector<dwell::join_handle<int>> waiting;
    std::thread([&] {
      end_a_thread([&](last_act& act) {
        auto ends = dwell::make_oneshot<int>();
        waiting.push_back(rt.spawn(receives(std::move(ends.second))));
        act.sends.emplace(std::move(ends.first));
      });
    }).join();
    for (auto& one : waiting) EXPECT_EQ(one.join(), 1);
  }
}

TEST_P(an_ending_thread, cancels_what_it_has_spawned) {
  for (std::int64_t i = scaled(200); i > 0; --i)
    std::thread([&] {
      end_a_thread([&](last_act& act) {
        act.cancels = rt.spawn([]() -> task<> { co_await dwell::sleep_for(1'000h); }());
      });
    }).join();
  while (rt.statistics().live_spawned > 0) std::this_thread::yield();
}

// The threads of one runtime's workers are ending threads to another.
TEST_P(an_ending_thread, may_be_the_worker_of_another_runtime) {
  const std::int64_t rounds = scaled(100);
  for (std::int64_t i = 0; i < rounds; ++i) {
    dwell::settings s = workers(2);
    s.on_thread_start = [&](unsigned) {
      after_the_free_lists.spawns_on = &rt;
      after_the_free_lists.counts = &ran;
    };
    dwell::run(add_one(ran), std::move(s));
  }
  await_ran(3 * rounds);
}

}  // namespace
