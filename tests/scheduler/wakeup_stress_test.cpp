// No wake-up is lost: work is posted from outside at the very moment when the pool goes to sleep.
//
// A round posts one chain. The next post comes a random pause after that chain began, and the chain
// lingers for a random pause too, each of up to about two microseconds: that is how long a worker
// takes from its last chain to its futex, so the post meets it running, searching, announcing,
// re-checking or just asleep. Nothing else is ever posted that could mend a lost wake-up: the round
// would never end, and the watchdog says so. A million rounds in all; ten with DWELL_TEST_LONG=1.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/scheduler/pool.hpp>

#include "scheduler/hand_driven.hpp"
#include "scheduler/pinned.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::scheduler::pool;
using dwell_test::lone_chain;
using dwell_test::pinned;
using dwell_test::scaled;

constexpr std::chrono::seconds patience(100);
constexpr std::chrono::seconds long_patience(3000);

class watchdog : public dwell_test::watchdog {
 public:
  explicit watchdog(const char* what)
      : dwell_test::watchdog(what, dwell_test::long_run() ? long_patience : patience) {}
};

std::int64_t rounds(std::int64_t n) { return scaled(dwell_test::long_run() ? 10 * n : n); }

/// Up to about two microseconds, differently each time.
class random_pause {
 public:
  explicit random_pause(std::uint64_t seed) : random_(seed) {}
  void operator()() {
    for (std::uint64_t i = random_() % 40; i > 0; --i) dwell::base::cpu_pause();
  }

 private:
  std::mt19937_64 random_;
};

// Spins first: whoever waits must see the end while the worker is still on its way to sleep.
template <class Condition>
void await(Condition&& holds) {
  for (int spins = 0; !holds(); ++spins)
    spins < 2'000 ? dwell::base::cpu_pause() : std::this_thread::yield();
}

task<> nothing() { co_return; }

void post_and_await(pool& p) {
  lone_chain chain(nothing());
  p.start(chain.root());
  await([&] { return chain.ended(); });
}

struct shape {
  std::uint32_t workers;
  std::uint32_t spin;
  bool asymmetric;
  bool apart;  // the posting thread and the workers on processors of their own
};

class sleeping_pool : public ::testing::TestWithParam<shape> {
 protected:
  sleeping_pool() : pool_(GetParam().workers, {.spin = GetParam().spin}, {pin_worker, {}, {}}) {
    dwell::os::enable_asymmetric_fences(GetParam().asymmetric);
    pool_.start_threads("stress");
    if (GetParam().apart) poster_.emplace(pinned::place::first);
  }
  ~sleeping_pool() override {
    pool_.stop_threads();
    dwell::os::enable_asymmetric_fences();
  }

  [[nodiscard]] std::uint64_t parks() {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < pool_.size(); ++i) sum += pool_.at(i).counters().parks.get();
    return sum;
  }

  pool pool_;

 private:
  static void pin_worker(unsigned) {
    if (GetParam().apart) pinned::move_to(pinned::place::all_but_first);
  }

  std::optional<pinned> poster_;
};

task<> begin_and_linger(std::atomic<std::int64_t>& begun, random_pause& pause) {
  begun.fetch_add(1, std::memory_order_release);
  pause();
  co_return;
}

TEST_P(sleeping_pool, runs_whatever_is_posted_while_it_goes_to_sleep) {
  const watchdog alarm("a post to a pool that went to sleep was lost");
  const std::int64_t count = rounds(145'000);
  random_pause pause(1);
  random_pause lingers[] = {random_pause(2), random_pause(3)};
  std::optional<lone_chain> chains[2];
  std::atomic<std::int64_t> begun{0};
  for (std::int64_t i = 0; i < count; ++i) {
    std::optional<lone_chain>& chain = chains[i % 2];
    await([&] { return !chain || chain->ended(); });
    chain.emplace(begin_and_linger(begun, lingers[i % 2]));
    pause();
    pool_.start(chain->root());
    await([&] { return begun.load(std::memory_order_acquire) == i + 1; });
  }
  for (const std::optional<lone_chain>& chain : chains)
    await([&] { return !chain || chain->ended(); });
  EXPECT_GT(parks(), 0u) << "the pool never slept: this tested nothing";
  RecordProperty("parks_per_hundred_rounds",
                 static_cast<int>(100 * parks() / static_cast<std::uint64_t>(count)));
}

TEST_P(sleeping_pool, runs_whatever_two_threads_post_while_it_goes_to_sleep) {
  const watchdog alarm("one of two posts was lost");
  const std::int64_t count = rounds(5'000);
  const auto post = [&](std::uint64_t seed) {
    random_pause pause(seed);
    for (std::int64_t i = 0; i < count; ++i) {
      pause();
      post_and_await(pool_);
    }
  };
  std::thread other(post, 2);
  post(3);
  other.join();
}

// The chain that was posted starts others on its worker: a worker that went to sleep meanwhile has
// to hear of them, or of none, but never sleep through the last.
TEST_P(sleeping_pool, runs_whatever_its_own_workers_start_while_others_go_to_sleep) {
  const watchdog alarm("a chain that was started on a worker was lost");
  const std::int64_t count = rounds(5'000);
  random_pause pause(4);
  for (std::int64_t i = 0; i < count; ++i) {
    lone_chain first(nothing());
    lone_chain second(nothing());
    const auto start_both = [](pool& p, lone_chain& a, lone_chain& b) -> task<> {
      p.start(a.root());
      p.start(b.root());
      co_return;
    };
    lone_chain parent(start_both(pool_, first, second));
    pause();
    pool_.start(parent.root());
    await([&] { return parent.ended() && first.ended() && second.ended(); });
  }
}

INSTANTIATE_TEST_SUITE_P(shapes, sleeping_pool,
                         ::testing::Values(shape{1, 0, true, true}, shape{1, 8, true, true},
                                           shape{2, 0, true, true}, shape{2, 8, true, false},
                                           shape{4, 0, true, false}, shape{4, 8, true, true},
                                           shape{2, 8, false, true}),
                         [](const auto& which) {
                           const shape& s = which.param;
                           return std::to_string(s.workers) + "_workers_spin_" +
                                  std::to_string(s.spin) + (s.asymmetric ? "" : "_symmetric") +
                                  (s.apart ? "_apart" : "");
                         });

// ---- Through the public doors ----

dwell::settings workers_apart(unsigned count) {
  dwell::settings s;
  s.threads = count;
  s.on_thread_start = [](unsigned) { pinned::move_to(pinned::place::all_but_first); };
  return s;
}

task<> add_one(std::atomic<std::int64_t>& counter) {
  counter.fetch_add(1, std::memory_order_release);
  co_return;
}

TEST(wakeup, by_a_spawn_from_outside_is_never_lost) {
  const watchdog alarm("a spawn from outside was lost");
  const std::int64_t count = rounds(30'000);
  dwell::runtime rt(workers_apart(2));
  const pinned poster(pinned::place::first);
  std::atomic<std::int64_t> ran{0};
  random_pause pause(5);
  for (std::int64_t i = 0; i < count; ++i) {
    pause();
    rt.spawn(add_one(ran)).detach();
    await([&] { return ran.load(std::memory_order_acquire) == i + 1; });
  }
}

/// Hands a sender to a thread that is no worker.
class letter_box {
 public:
  void put(dwell::oneshot_sender<std::int64_t>* sender) {
    sender_.store(sender, std::memory_order_release);
  }
  dwell::oneshot_sender<std::int64_t>* take() {
    dwell::oneshot_sender<std::int64_t>* sender = nullptr;
    await([&] { return (sender = sender_.exchange(nullptr)) != nullptr; });
    return sender;
  }

 private:
  std::atomic<dwell::oneshot_sender<std::int64_t>*> sender_{nullptr};
};

task<std::int64_t> receive(letter_box& box, std::int64_t count) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    auto ends = dwell::make_oneshot<std::int64_t>();
    box.put(&ends.first);
    sum += co_await ends.second;
  }
  co_return sum;
}

TEST(wakeup, by_a_oneshot_from_a_foreign_thread_is_never_lost) {
  const watchdog alarm("a oneshot from a foreign thread was lost");
  const std::int64_t count = rounds(30'000);
  letter_box box;
  std::thread sender([&] {
    const pinned apart(pinned::place::first);
    random_pause pause(6);
    for (std::int64_t i = 0; i < count; ++i) {
      // Moved out: the receiver's frame may be gone before send() returns.
      dwell::oneshot_sender<std::int64_t> mine = std::move(*box.take());
      pause();
      mine.send(1);
    }
  });
  EXPECT_EQ(dwell::run(receive(box, count), workers_apart(2)), count);
  sender.join();
}

// The last send ends the run, and the runtime with it, while the sender may still be inside.
TEST(wakeup, may_end_the_runtime_under_the_feet_of_the_thread_that_gave_it) {
  const watchdog alarm("a run did not end");
  const std::int64_t count = rounds(200);
  letter_box box;
  std::thread sender([&] {
    const pinned apart(pinned::place::first);
    for (std::int64_t i = 0; i < count; ++i) {
      dwell::oneshot_sender<std::int64_t> mine = std::move(*box.take());
      mine.send(1);
    }
  });
  for (std::int64_t i = 0; i < count; ++i)
    EXPECT_EQ(dwell::run(receive(box, 1), workers_apart(1)), 1);
  sender.join();
}

}  // namespace
