// Suites that run once for each number of workers, and check that nothing is left behind.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/task/frame_pool.hpp>

namespace dwell_test {

inline dwell::settings workers(unsigned count) {
  dwell::settings s;
  s.threads = count;
  return s;
}

template <class T>
T run_on(unsigned count, dwell::task<T> main) {
  return dwell::run(std::move(main), workers(count));
}

/// A test after which as many coroutine frames live as before.
class no_frames_left : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(dwell::core::live_frames(), before_); }

 private:
  const std::int64_t before_ = dwell::core::live_frames();
};

/// The same, once for each number of workers.
class on_workers : public no_frames_left, public testing::WithParamInterface<unsigned> {
 protected:
  [[nodiscard]] static dwell::settings pool() { return workers(GetParam()); }
};

/// To be instantiated with: INSTANTIATE_TEST_SUITE_P(workers, suite, each_worker_count());
inline auto each_worker_count() { return testing::Values(1U, 2U, 4U); }

}  // namespace dwell_test
