// A test over many seeds of a simulated world, which says how to replay the first that fails.
//
// sim::run() says so only when it throws; a failed expectation throws nothing, and only the test
// knows the filter that runs it alone.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <malloc.h>

#include <dwell/sim/run.hpp>

#include "support/scale.hpp"

namespace dwell_test {

/// Each world takes half a megabyte and gives it back: glibc shall keep it, or nine tenths of a run
/// go into page faults.
inline void keep_freed_memory() noexcept {
  static const int done = mallopt(M_TRIM_THRESHOLD, 64 << 20) + mallopt(M_MMAP_THRESHOLD, 8 << 20);
  static_cast<void>(done);
}

/// Calls `body(seed)` for scaled(`count`) seeds, or those that the environment names, until one
/// fails.
template <class Body>
void each_seed(std::int64_t count, Body body) {
  keep_freed_memory();
  for (const std::uint64_t seed : dwell::sim::seeds(static_cast<std::size_t>(scaled(count)))) {
    body(seed);
    if (!testing::Test::HasFailure()) continue;
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    ADD_FAILURE() << "replay it with: DWELL_SIM_SEED=" << seed << " " << program_invocation_name
                  << " --gtest_filter=" << test.test_suite_name() << "." << test.name();
    return;
  }
}

}  // namespace dwell_test
