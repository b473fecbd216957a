// Checks and figures of simulated LLM calls (see waits.hpp).
#include "waits.hpp"

#include <algorithm>

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"
#include "splitmix.hpp"

namespace bench {

namespace {

constexpr std::uint64_t result_seed = 7;

std::int64_t late_ns(const wait_record& record) {
  return record.resumed_at_ns - record.asleep_at_ns - record.duration_us * 1'000LL;
}

/// When the last call would return if sleeping were exact and everything else free.
std::int64_t ideal_ns(std::span<const wait_record> records) {
  std::int64_t longest = 0;
  for (const auto& each : records) {
    longest = std::max<std::int64_t>(longest, std::int64_t{each.arrival_us} + each.duration_us);
  }
  return longest * 1'000;
}

std::vector<double> sorted_lateness_us(std::span<const wait_record> records) {
  std::vector<double> late;
  late.reserve(records.size());
  for (const auto& each : records) late.push_back(static_cast<double>(late_ns(each)) / 1e3);
  std::sort(late.begin(), late.end());
  return late;
}

std::string failure_of(const wait_record& record, const wait_run& run) {
  const auto name = "task " + std::to_string(record.index);
  const auto times = record.resumptions.load(std::memory_order_relaxed);
  if (times != 1) return name + " was resumed " + std::to_string(times) + " times";
  if (record.asleep_at_ns < run.begun_ns + record.arrival_us * 1'000LL) {
    return name + " began before its arrival";
  }
  if (late_ns(record) < 0) {
    return name + " woke " + std::to_string(-late_ns(record)) + " ns early";
  }
  return {};
}

}  // namespace

void wait_run::begin() {
  cpu_begun_ns = cpu_ns();
  begun_ns = now_ns();
}

void wait_run::created() { created_ns = now_ns(); }

void wait_run::end() {
  ended_ns = now_ns();
  cpu_ended_ns = cpu_ns();
  peak_bytes = peak_resident_bytes();
}

std::uint64_t expected_number(std::uint32_t index) { return splitmix64(result_seed, index); }

std::string expected_text(std::uint32_t index) { return "reply " + std::to_string(index); }

std::string failure_of(std::span<const wait_record> records, const wait_run& run) {
  for (const auto& each : records) {
    if (auto failure = failure_of(each, run); !failure.empty()) return failure;
  }
  if (run.results != records.size()) {
    return std::to_string(run.results) + " results for " + std::to_string(records.size()) +
           " tasks";
  }
  if (run.wrong_results > 0) return std::to_string(run.wrong_results) + " results are wrong";
  return {};
}

measurement measure_waits(std::span<const wait_record> records, const wait_run& run,
                          std::uint64_t baseline_bytes) {
  const auto count = static_cast<double>(records.size());
  const auto bytes = static_cast<double>(run.peak_bytes) - static_cast<double>(baseline_bytes);
  const auto overhead_ns = run.ended_ns - run.begun_ns - ideal_ns(records);
  const auto late = sorted_lateness_us(records);
  measurement found;
  found.metrics = {
      {"overhead_ms", static_cast<double>(overhead_ns) / 1e6},
      {"cpu_ns_per_wait", static_cast<double>(run.cpu_ended_ns - run.cpu_begun_ns) / count},
      {"bytes_per_wait", bytes / count},
      {"late_p50_us", quantile(late, 0.5)},
      {"late_p99_us", quantile(late, 0.99)},
      {"late_p999_us", quantile(late, 0.999)},
      {"create_ms", static_cast<double>(run.created_ns - run.begun_ns) / 1e6},
  };
  found.curve = curve_of(late);
  found.failure = failure_of(records, run);
  return found;
}

measurement baseline_of(const wait_run& run) {
  return {{{"peak_bytes", static_cast<double>(run.peak_bytes)}}, {}, {}};
}

}  // namespace bench
