// The injector. Its own counter is what decides whether there is work; the orderings behind that,
// and behind the overflow list, are proved by the models, on the queue's interface. Here: what it
// counts, what it keeps, and that a wait finds room when the machine has no memory left.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include <dwell/scheduler/injector.hpp>
#include <dwell/task/wait.hpp>
#include <dwell/task/wake_batch.hpp>

#include "os/sanitized.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::core::wait;
using dwell::core::wait_kind;
using dwell::core::wake_batch;
using dwell::core::work;
using dwell::scheduler::injector;
using dwell_test::sanitized;
using dwell_test::scaled;
using dwell_test::watchdog;

// Work is a tagged pointer that the injector never follows: any multiple of 16 will do.
work numbered(std::uint64_t n) { return work::from_bits(n * 16); }
std::uint64_t number_of(work w) { return w.bits() / 16; }

TEST(injector, begins_empty) {
  injector in;
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(in.size(), 0);
  EXPECT_FALSE(in.pop());
}

TEST(injector, counts_pushes_not_yet_popped) {
  injector in;
  for (std::uint64_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(in.push(numbered(i)));
    ASSERT_EQ(in.size(), static_cast<std::int64_t>(i));
    ASSERT_FALSE(in.empty());
  }
  for (std::int64_t left = 99; left >= 0; --left) {
    ASSERT_TRUE(in.pop());
    ASSERT_EQ(in.size(), left);
  }
  EXPECT_TRUE(in.empty());
  EXPECT_FALSE(in.pop());
  EXPECT_EQ(in.size(), 0) << "a pop that finds nothing counts nothing";
}

TEST(injector, is_first_in_first_out_for_one_thread) {
  injector in;
  for (std::uint64_t i = 1; i <= 10'000; ++i) ASSERT_TRUE(in.push(numbered(i)));
  for (std::uint64_t i = 1; i <= 10'000; ++i) ASSERT_EQ(number_of(in.pop()), i);
}

TEST(injector, keeps_the_kind_of_work) {
  injector in;
  wake_batch batch;
  ASSERT_TRUE(in.push(work::of_batch(batch)));
  const work popped = in.pop();
  EXPECT_EQ(popped.what(), work::kind::batch);
  EXPECT_EQ(&popped.batch(), &batch);
}

// ---- Threads ----

struct crowd {
  int producers;
  int consumers;
};

class injector_crowd : public ::testing::TestWithParam<crowd> {};

TEST_P(injector_crowd, every_item_comes_out_once) {
  const watchdog alarm("an item was lost");
  const auto each = static_cast<std::uint64_t>(scaled(100'000));
  const auto producers = static_cast<std::uint64_t>(GetParam().producers);
  const std::uint64_t count = producers * each;
  injector in;
  std::unique_ptr<std::atomic<int>[]> seen(new std::atomic<int>[count + 1]());
  std::atomic<std::uint64_t> popped{0};
  std::vector<std::thread> threads;
  for (std::uint64_t p = 0; p < producers; ++p)
    threads.emplace_back([&, p] {
      for (std::uint64_t i = 1; i <= each; ++i) ASSERT_TRUE(in.push(numbered(p * each + i)));
    });
  for (int c = 0; c < GetParam().consumers; ++c)
    threads.emplace_back([&] {
      while (popped.load() < count) {
        const work w = in.pop();
        if (!w) {
          std::this_thread::yield();
          continue;
        }
        seen[number_of(w)].fetch_add(1);
        popped.fetch_add(1);
      }
    });
  for (std::thread& t : threads) t.join();
  for (std::uint64_t i = 1; i <= count; ++i) ASSERT_EQ(seen[i].load(), 1) << i;
  EXPECT_EQ(in.size(), 0);
}

INSTANTIATE_TEST_SUITE_P(crowds, injector_crowd,
                         ::testing::Values(crowd{1, 1}, crowd{4, 1}, crowd{1, 4}, crowd{3, 3}),
                         [](const auto& which) {
                           return std::to_string(which.param.producers) + "_to_" +
                                  std::to_string(which.param.consumers);
                         });

// Each producer's items come out in its own order.
TEST(injector, keeps_the_order_of_each_producer) {
  const watchdog alarm("an item was lost");
  const auto each = static_cast<std::uint64_t>(scaled(100'000));
  injector in;
  std::vector<std::thread> producers;
  for (std::uint64_t p = 0; p < 3; ++p)
    producers.emplace_back([&, p] {
      for (std::uint64_t i = 1; i <= each; ++i) ASSERT_TRUE(in.push(numbered(p << 32 | i)));
    });
  std::uint64_t last[3] = {};
  for (std::uint64_t popped = 0; popped < 3 * each;) {
    const work w = in.pop();
    if (!w) continue;
    ++popped;
    const std::uint64_t n = number_of(w);
    ASSERT_GT(n & 0xffffffff, std::exchange(last[n >> 32], n & 0xffffffff));
  }
  for (std::thread& t : producers) t.join();
}

// ---- No memory ----

bool never_aborts(wait&) noexcept { return false; }
constexpr wait_kind no_kind{"test", &never_aborts};

struct some_wait : wait {
  some_wait() : wait(no_kind) {}
};

// Takes all that malloc has: no more address space, then piece by piece what it had before.
// Volatile, because Clang may leave out an allocation whose result nobody uses.
void exhaust_memory() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_AS, &none);
  void* volatile taken = nullptr;
  for (std::size_t size = std::size_t{1} << 30; size >= 8; size /= 2) {
    do {
      taken = std::malloc(size);
    } while (taken != nullptr);
  }
}

constexpr std::size_t many = 100'000;  // far beyond what the queue allocates beforehand

// Runs in a process of its own; 0 is success, anything else says what went wrong.
int push_without_memory() {
  injector in;
  std::vector<some_wait> waits(many);
  std::vector<std::uint8_t> seen(many);
  exhaust_memory();
  for (wait& w : waits)
    if (!in.push(work::of_wait(w))) return 1;
  if (in.push(numbered(1))) return 2;  // a frame must be refused: there is nowhere to link it
  if (in.size() != static_cast<std::int64_t>(many)) return 3;
  while (const work w = in.pop()) {
    if (w.what() != work::kind::wait) return 4;
    ++seen[static_cast<std::size_t>(static_cast<some_wait*>(&w.waiting()) - waits.data())];
  }
  if (!in.empty()) return 5;
  return std::all_of(seen.begin(), seen.end(), [](auto n) { return n == 1; }) ? 0 : 6;
}

TEST(injector, takes_waits_without_memory_and_refuses_frames) {
  if (sanitized) GTEST_SKIP() << "sanitizers do not survive a machine without memory";
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(std::_Exit(push_without_memory()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
