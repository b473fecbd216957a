// What llm_waits and the trace replay share: one record for each simulated LLM call, the check that
// every call was right, and the figures that follow from the records.
//
// The records belong to the benchmark and are allocated and touched in the N = 0 run too, so that
// bytes per wait count the runtime's memory only. A record holds all that its task needs: the task
// then takes one pointer, and its frame is the runtime's cost rather than the benchmark's.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "../harness/row.hpp"

namespace bench {

/// One simulated call. Half a cache line, so that a resumed task touches one line of ours.
struct alignas(32) wait_record {
  std::int64_t asleep_at_ns = 0;
  std::int64_t resumed_at_ns = 0;
  std::uint32_t duration_us = 0;
  std::uint32_t arrival_us = 0;  ///< After the start of the run; 0 where everything starts at once.
  std::uint32_t index = 0;
  std::atomic<std::uint32_t> resumptions{0};
};

using wait_records = std::span<wait_record>;

/// The marks of one run, taken inside its root task.
struct wait_run {
  std::int64_t begun_ns = 0;
  std::int64_t created_ns = 0;
  std::int64_t ended_ns = 0;
  std::int64_t cpu_begun_ns = 0;
  std::int64_t cpu_ended_ns = 0;
  std::uint64_t peak_bytes = 0;
  std::uint64_t results = 0;
  std::uint64_t wrong_results = 0;

  void begin();
  void created();
  void end();
};

/// What the call with this index must return.
std::uint64_t expected_number(std::uint32_t index);
std::string expected_text(std::uint32_t index);

template <class Result>
Result expected(std::uint32_t index);
template <>
inline std::uint64_t expected<std::uint64_t>(std::uint32_t index) {
  return expected_number(index);
}
template <>
inline std::string expected<std::string>(std::uint32_t index) {
  return expected_text(index);
}

/// Takes the results of the gather into account: each must stand at its own index.
template <class Results>
void check_results(const Results& results, wait_run& run) {
  run.results = results.size();
  for (std::uint32_t i = 0; i < results.size(); ++i) {
    run.wrong_results += results[i] != expected<typename Results::value_type>(i);
  }
}

/// Empty when every task was resumed exactly once, none early, and all results are right; otherwise
/// a sentence on the first thing that was not.
std::string failure_of(std::span<const wait_record> records, const wait_run& run);

/// The seven metrics and the lateness curve.
measurement measure_waits(std::span<const wait_record> records, const wait_run& run,
                          std::uint64_t baseline_bytes);

/// What an N = 0 run reports: its peak.
measurement baseline_of(const wait_run& run);

}  // namespace bench
