// trace: replays the requests of a real LLM service. A request waits for its time to first token
// and its tokens, scaled by a stated speed-up; the whole file is in flight at once.
//
// as_arrived starts every task at once and lets each sleep until its arrival first, so the timers
// see the real pattern of a day's traffic; all_at_once drops the arrivals and shows a burst.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "../harness/resources.hpp"
#include "dwell_settings.hpp"
#include "trace_file.hpp"
#include "waits.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr double ttft_base_ms = 50;
constexpr double ms_per_context_token = 0.1;
constexpr double ms_per_output_token = 30;

/// Longer replays would run into the limit after which a child counts as hung.
constexpr double longest_replay_s = 240;

double service_ns(const trace_request& request) {
  return 1e6 * (ttft_base_ms + ms_per_context_token * static_cast<double>(request.context_tokens) +
                ms_per_output_token * static_cast<double>(request.generated_tokens));
}

dwell::task<std::uint64_t> one_request(wait_record* record, const wait_run* run) {
  if (record->arrival_us > 0) {
    const std::chrono::nanoseconds arrival(run->begun_ns + record->arrival_us * 1'000LL);
    const std::chrono::steady_clock::time_point moment(arrival);
    co_await dwell::sleep_until(moment);
  }
  const std::chrono::microseconds duration(record->duration_us);
  record->asleep_at_ns = now_ns();
  co_await dwell::sleep_for(duration);
  record->resumed_at_ns = now_ns();
  record->resumptions.fetch_add(1, std::memory_order_relaxed);
  co_return expected<std::uint64_t>(record->index);
}

dwell::task<> all_requests(wait_records records, wait_run* run) {
  run->begin();
  std::vector<dwell::task<std::uint64_t>> tasks;
  tasks.reserve(records.size());
  for (auto& each : records) tasks.push_back(one_request(&each, run));
  run->created();
  const auto results = co_await dwell::gather(std::move(tasks));
  run->end();
  check_results(results, *run);
}

std::vector<wait_record> make_records(const row& subject) {
  std::vector<wait_record> records(subject.get_number("n"));
  const auto us_per_ns = 1 / (1e3 * subject.get_real("speedup"));
  const bool arrivals = subject.has("mode", "as_arrived");
  std::uint32_t i = 0;
  read_trace(subject.get("path"), [&](const trace_request& request) {
    auto& record = records.at(i);
    record.index = i++;
    record.duration_us = static_cast<std::uint32_t>(service_ns(request) * us_per_ns);
    if (!arrivals) return;
    record.arrival_us =
        static_cast<std::uint32_t>(static_cast<double>(request.arrival_ns) * us_per_ns);
  });
  return records;
}

wait_run execute(const row& subject, wait_records records) {
  wait_run run;
  dwell::run(all_requests(records, &run), settings_of(subject));
  return run;
}

measurement measure(const row& subject) {
  auto records = make_records(subject);
  const auto run = execute(subject, records);
  return measure_waits(records, run, subject.get_number("baseline_bytes"));
}

measurement baseline(const row& subject) {
  const auto records = make_records(subject);
  return baseline_of(execute(subject, {}));
}

/// How long the service took in reality, and how many requests it served.
struct extent {
  std::uint64_t requests = 0;
  double seconds = 0;
};

extent survey(const std::string& path) {
  extent found;
  read_trace(path, [&](const trace_request& request) {
    ++found.requests;
    const auto end = static_cast<double>(request.arrival_ns) + service_ns(request);
    found.seconds = std::max(found.seconds, end / 1e9);
  });
  return found;
}

/// A whole number, so that a reader can say it; three quick rounds then take some 20 s.
double choose_speedup(const options& wanted, const extent& trace) {
  const double target = wanted.how == effort::full ? 20 : wanted.how == effort::quick ? 6.5 : 0.5;
  const double chosen =
      wanted.speedup > 0 ? wanted.speedup : std::max(1.0, std::ceil(trace.seconds / target));
  if (trace.seconds / chosen > longest_replay_s) {
    throw usage_error("--speedup: the replay would take " +
                      std::to_string(static_cast<long>(trace.seconds / chosen)) +
                      " s; the limit is 240 s");
  }
  return chosen;
}

std::vector<row> plan(const options& wanted) {
  if (wanted.trace.empty()) return {};
  const auto trace = survey(wanted.trace);
  const auto speedup = choose_speedup(wanted, trace);
  std::vector<row> rows;
  for (const char* mode : {"as_arrived", "all_at_once"}) {
    rows.push_back({"dwell", "trace", {}});
    rows.back()
        .text("mode", mode)
        .text("file", std::filesystem::path(wanted.trace).filename())
        .number("n", trace.requests)
        .number("threads", wanted.threads)
        .number("timer_slack_us", wanted.timer_slack_us)
        .real("speedup", speedup)
        .text("result", "u64")
        .real("ttft_base_ms", ttft_base_ms)
        .real("ms_per_context_token", ms_per_context_token)
        .real("ms_per_output_token", ms_per_output_token)
        .hidden("path", wanted.trace);
  }
  return rows;
}

}  // namespace

workload trace_replay() { return {"trace", plan, measure, baseline}; }

}  // namespace bench
