// Memory for frames: whoever frees it, wherever, whenever, and what the count of the living says.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

#include <dwell/task/frame_pool.hpp>

#include "support/scale.hpp"
#include "support/workers.hpp"

namespace {

using dwell::core::allocate_frame;
using dwell::core::deallocate_frame;
using dwell::core::live_frames;
using dwell_test::scaled;

class frame_pool : public dwell_test::no_frames_left {};

struct frame {
  void* memory;
  std::size_t bytes;
};

frame make_frame(std::size_t bytes) {
  void* const memory = allocate_frame(bytes);
  std::memset(memory, static_cast<int>(bytes & 0xff), bytes);
  return {memory, bytes};
}

bool intact(const frame& f) {
  const auto* const bytes = static_cast<const unsigned char*>(f.memory);
  return std::all_of(bytes, bytes + f.bytes,
                     [&](unsigned char b) { return b == (f.bytes & 0xff); });
}

void free_frame(const frame& f) { deallocate_frame(f.memory, f.bytes); }

std::vector<frame> make_frames(std::size_t count, std::size_t bytes) {
  std::vector<frame> frames;
  for (std::size_t i = 0; i < count; ++i) frames.push_back(make_frame(bytes));
  return frames;
}

void free_frames(const std::vector<frame>& frames) {
  for (const frame& f : frames) free_frame(f);
}

TEST_F(frame_pool, gives_memory_of_any_size_that_nobody_else_has) {
  const std::size_t border = dwell::core::largest_pooled_frame;
  std::vector<frame> frames;
  for (int copies = 0; copies < 100; ++copies) {
    for (std::size_t base : {std::size_t{0}, std::size_t{32}, std::size_t{48}, std::size_t{512}})
      for (std::size_t bytes : {base + 1, base + 15, base + 16, base + 17})
        frames.push_back(make_frame(bytes));
    for (std::size_t bytes : {border - 1, border, border + 1, 3 * border})
      frames.push_back(make_frame(bytes));
  }
  for (const frame& f : frames) {
    EXPECT_TRUE(intact(f)) << f.bytes;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(f.memory) % 16, 0U) << f.bytes;
  }
  free_frames(frames);
}

TEST_F(frame_pool, counts_what_lives) {
  const std::int64_t before = live_frames();
  const auto small = make_frames(10, 100);
  const auto large = make_frames(5, 5000);
  EXPECT_EQ(live_frames(), before + 15);
  free_frames(small);
  EXPECT_EQ(live_frames(), before + 5);
  free_frames(large);
}

TEST_F(frame_pool, gives_a_freed_frame_to_the_next_of_its_class) {
#ifdef DWELL_SANITIZED
  GTEST_SKIP() << "a sanitizer's frames are not pooled";
#endif
  const frame first = make_frame(200);
  free_frame(first);
  const frame second = make_frame(208);  // the same class as 200
  EXPECT_EQ(first.memory, second.memory);
  free_frame(second);
}

TEST_F(frame_pool, takes_a_frame_back_on_another_thread) {
  const auto frames = make_frames(1000, 100);
  std::thread([&] { free_frames(frames); }).join();
}

TEST_F(frame_pool, takes_a_frame_back_after_its_thread_has_gone) {
  std::vector<frame> frames;
  std::thread([&] { frames = make_frames(1000, 100); }).join();
  for (const frame& f : frames) EXPECT_TRUE(intact(f));
  free_frames(frames);
}

// Made before the thread's first frame, so destroyed after the thread's free lists are.
struct at_thread_end {
  std::vector<frame> keeps;
  bool makes_more = false;
  ~at_thread_end() {
    free_frames(keeps);
    if (makes_more) free_frames(make_frames(10, 100));
  }
};
thread_local at_thread_end late;

TEST_F(frame_pool, takes_frames_back_from_the_destructor_of_a_thread_local) {
  std::thread([] {
    late.keeps.reserve(201);
    for (int i = 0; i < 100; ++i) {
      late.keeps.push_back(make_frame(100));
      late.keeps.push_back(make_frame(2000));
    }
  }).join();
}

TEST_F(frame_pool, gives_frames_to_the_destructor_of_a_thread_local) {
  std::thread([] {
    late.makes_more = true;
    late.keeps.push_back(make_frame(100));
  }).join();
}

TEST_F(frame_pool, can_be_entered_first_from_the_destructor_of_a_thread_local) {
  std::thread([] { late.makes_more = true; }).join();
}

TEST_F(frame_pool, outlives_a_thousand_threads_that_leave_frames_behind) {
  for (std::int64_t i = 0; i < scaled(1000); ++i) {
    std::vector<frame> left;
    std::thread([&] {
      left = make_frames(20, 64 + static_cast<std::size_t>(i % 8) * 100);
      const auto own = make_frames(300, 64);
      free_frames(own);
    }).join();
    for (const frame& f : left) ASSERT_TRUE(intact(f));
    free_frames(left);
  }
}

TEST_F(frame_pool, brings_frames_back_to_the_thread_that_keeps_making_them) {
#ifdef DWELL_SANITIZED
  GTEST_SKIP() << "a sanitizer's frames are not pooled";
#endif
  // Two threads in turn: one makes, the other frees. What the pool holds must not grow.
  constexpr std::size_t each_round = 1000;
  std::set<void*> addresses;
  for (int round = 0; round < 100; ++round) {
    std::vector<frame> frames;
    std::thread([&] { frames = make_frames(each_round, 720); }).join();
    for (const frame& f : frames) addresses.insert(f.memory);
    free_frames(frames);
  }
  EXPECT_LE(addresses.size(), 3 * each_round);
}

TEST_F(frame_pool, survives_threads_that_free_each_other_s_frames_at_once) {
  constexpr int threads = 4;
  std::vector<std::vector<frame>> made(threads);
  const auto for_each_thread = [](auto body) {
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads; ++i) running.emplace_back([&, i] { body(i); });
    for (std::thread& t : running) t.join();
  };
  for (std::int64_t round = 0; round < scaled(100); ++round) {
    for_each_thread([&](std::size_t i) { made[i] = make_frames(700, 100 + 100 * i); });
    for_each_thread([&](std::size_t i) { free_frames(made[(i + 1) % threads]); });
  }
}

}  // namespace
