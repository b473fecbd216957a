// Allocation failure injected at each allocation of a small program: std::bad_alloc reaches whoever
// asked for the memory, and nothing leaks, hangs or ends the process.
//
// This file replaces operator new for its whole test program. The k-th allocation after arming
// fails, on whichever thread it is made; or the k-th and all that follow. Not injected is what asks
// malloc itself: the injector's queue, which has its own answer to failure, and the memory for
// exceptions in flight. Not under ThreadSanitizer, whose runtime lets nobody replace operator new.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <gtest/gtest.h>
#include <new>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

#ifdef DWELL_TSAN
TEST(allocation_failure, is_not_injected_under_thread_sanitizer) {
  GTEST_SKIP() << "its runtime defines operator new itself";
}
#else

namespace {

enum class failing { nothing, one, all_from_then_on };

std::atomic<failing> mode{failing::nothing};
std::atomic<std::int64_t> until_failure{0};
std::atomic<bool> failed{false};

bool fails_now() noexcept {
  const failing m = mode.load();
  if (m == failing::nothing) return false;
  const std::int64_t left = until_failure.fetch_sub(1);
  const bool now = m == failing::one ? left == 0 : left <= 0;
  if (now) failed = true;
  return now;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (fails_now()) throw std::bad_alloc();
  void* const memory =
      std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Every form, or a sanitizer's runtime brings its own for those that are missing.
void* operator new(std::size_t bytes) { return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new[](std::size_t bytes) { return operator new(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return operator new(bytes, tag);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return operator new(bytes, alignment);
}
void* operator new(std::size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t& tag) noexcept {
  return operator new(bytes, alignment, tag);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace {

using dwell::task;
using dwell_test::workers;
using namespace std::chrono_literals;

// ---- The small program: a bit of everything that allocates ----

task<int> sleeps(int n) {
  co_await dwell::sleep_for(std::chrono::microseconds(n));
  co_return n;
}

task<int> gathers_a_range(int count) {
  std::vector<task<int>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(sleeps(i));
  auto children = dwell::gather(std::move(tasks));
  const auto results = co_await std::move(children);
  int sum = 0;
  for (const int r : results) sum += r;
  co_return sum;
}

task<int> spawns() {
  auto handle =
      dwell::spawn([n = 3](int more) -> task<int> { co_return n + co_await sleeps(more); }, 4);
  dwell::spawn(sleeps(1)).detach();
  co_return co_await handle;
}

task<int> sends() {
  auto ends = dwell::make_oneshot<int>();
  const auto send = [](dwell::oneshot_sender<int> to) -> task<> {
    co_await dwell::yield_now();
    to.send(5);
  };
  auto children = dwell::gather(send(std::move(ends.first)), sleeps(2));
  auto handle = dwell::spawn(sleeps(1));
  co_await std::move(children);
  const int sent = co_await ends.second;
  co_return sent + co_await handle;
}

task<int> settles() {
  auto children = dwell::gather_settled(sleeps(1), gathers_a_range(3));
  auto outcomes = co_await std::move(children);
  auto& [first, second] = outcomes;
  co_return first.value() + second.value();
}

task<int> program() {
  auto children = dwell::gather(gathers_a_range(40), spawns(), sends(), settles());
  auto results = co_await std::move(children);
  auto& [a, b, c, d] = results;
  co_return a + b + c + d;
}

constexpr int right_result = 780 + 7 + 6 + 4;

void ignore_report(const std::source_location&) noexcept {}
void ignore_error(std::exception_ptr, const std::source_location&) noexcept {}

enum class ending { right, wrong, bad_alloc, other };

ending run_failing_at(std::int64_t k, failing how, unsigned threads) {
  until_failure = k;
  failed = false;
  ending end = ending::other;
  mode = how;
  try {
    const int result = dwell::run(program(), workers(threads));
    end = result == right_result ? ending::right : ending::wrong;
  } catch (const std::bad_alloc&) {
    end = ending::bad_alloc;
  } catch (...) {
  }
  mode = failing::nothing;
  return end;
}

class an_allocation_that_fails : public dwell_test::on_workers {
 protected:
  void SetUp() override {
    dwell::set_never_awaited_hook(&ignore_report);
    dwell::set_unobserved_error_hook(&ignore_error);
    ASSERT_EQ(run_failing_at(0, failing::nothing, GetParam()), ending::right);
  }
  void TearDown() override {
    dwell::set_never_awaited_hook(nullptr);
    dwell::set_unobserved_error_hook(nullptr);
    on_workers::TearDown();
  }

  // Every k until the program gets through without having met the failure; in a short run every
  // step-th.
  void fail_at_each(failing how) {
    const dwell_test::watchdog dog("allocation failure");
    const std::int64_t step = std::max<std::int64_t>(1, 50 / dwell_test::scaled(50));
    const std::int64_t frames_before = dwell::core::live_frames();
    for (std::int64_t k = 0;; k += step) {
      const ending end = run_failing_at(k, how, GetParam());
      ASSERT_EQ(dwell::core::live_frames(), frames_before) << "allocation " << k;
      ASSERT_TRUE(end == ending::right || end == ending::bad_alloc)
          << "allocation " << k << " ended " << static_cast<int>(end);
      if (!failed) {
        EXPECT_EQ(end, ending::right);
        EXPECT_GT(k, 20) << "the program allocates more than this";
        return;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(workers, an_allocation_that_fails, dwell_test::each_worker_count());

TEST_P(an_allocation_that_fails, once_leaks_nothing_and_hangs_nowhere) {
  fail_at_each(failing::one);
}

TEST_P(an_allocation_that_fails, as_do_all_that_follow_leaks_nothing_and_hangs_nowhere) {
  fail_at_each(failing::all_from_then_on);
}

// ---- Single awaits, all of whose allocations fail ----

template <class Op>
task<bool> meets_bad_alloc(Op& op) {
  bool met = false;
  until_failure = 0;
  mode = failing::all_from_then_on;
  try {
    co_await std::move(op);
  } catch (const std::bad_alloc&) {
    met = true;
  }
  mode = failing::nothing;
  co_return met;
}

TEST(a_gather_without_memory, starts_no_child_and_throws_bad_alloc) {
  static int started = 0;
  started = 0;
  const auto counts = []() -> task<> {
    ++started;
    co_return;
  };
  const auto main = [&]() -> task<bool> {
    std::vector<task<>> tasks;
    for (int i = 0; i < 5'000; ++i) tasks.push_back(counts());  // more than a deque holds at first
    auto children = dwell::gather(std::move(tasks));
    auto met = meets_bad_alloc(children);
    co_return co_await met;
  };
  EXPECT_TRUE(dwell_test::run_on(1, main()));
  EXPECT_EQ(started, 0);
}

// Every frame is made beforehand: while one child sleeps without memory, others start.
TEST(a_sleep_without_memory, throws_bad_alloc_and_may_be_tried_again) {
  // The first sleep of a worker asks for the memory of its timers.
  const auto main = []() -> task<int> {
    auto nap = dwell::sleep_for(1h);
    auto met = meets_bad_alloc(nap);
    const bool failed_once = co_await met;
    const int slept = co_await sleeps(1);
    co_return failed_once ? slept : 0;
  };
  EXPECT_EQ(dwell_test::run_on(1, main()), 1);
}

}  // namespace

#endif
