// trace: replays the requests of a real LLM service. A request waits for its time to first token
// and its tokens, scaled by a stated speed-up; the whole file is in flight at once.
//
// as_arrived starts every task at once and lets each sleep until its arrival first, so the timers
// see the real pattern of a day's traffic; all_at_once drops the arrivals and shows a burst.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

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
  std::ifstream file(subject.get("schedule"));
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    auto& record = records[i];
    record.index = i;
    file >> record.arrival_us >> record.duration_us;
  }
  if (!file) throw std::runtime_error("cannot read '" + subject.get("schedule") + "'");
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

/// The file as every peer reads it too: a line for each request, its arrival and its duration in µs
/// of the replay. Returns its path.
std::string write_schedule(const options& wanted, bool arrivals, double speedup) {
  const auto path = wanted.report_dir + (arrivals ? "/as_arrived.txt" : "/all_at_once.txt");
  const auto us_per_ns = 1 / (1e3 * speedup);
  std::ofstream file(path);
  read_trace(wanted.trace, [&](const trace_request& request) {
    const auto arrival_us = arrivals ? static_cast<double>(request.arrival_ns) * us_per_ns : 0.0;
    file << static_cast<std::uint32_t>(arrival_us) << ' '
         << static_cast<std::uint32_t>(service_ns(request) * us_per_ns) << '\n';
  });
  file.close();
  if (!file) throw std::runtime_error("cannot write '" + path + "'");
  return path;
}

std::vector<row> plan(const options& wanted) {
  if (wanted.trace.empty()) return {};
  const auto trace = survey(wanted.trace);
  const auto speedup = choose_speedup(wanted, trace);
  std::vector<row> rows;
  for (const std::string mode : {"as_arrived", "all_at_once"}) {
    rows.push_back({"dwell", "trace", {}});
    rows.back()
        .text("mode", mode)
        .text("file", std::filesystem::path(wanted.trace).filename())
        .number("n", trace.requests)
        .number("threads", wanted.threads)
        .knob("timer_slack_us", wanted.timer_slack_us)
        .real("speedup", speedup)
        .text("result", "u64")
        .real("ttft_base_ms", ttft_base_ms)
        .real("ms_per_context_token", ms_per_context_token)
        .real("ms_per_output_token", ms_per_output_token)
        .hidden("schedule", write_schedule(wanted, mode == "as_arrived", speedup));
  }
  return rows;
}

}  // namespace

workload trace_replay() { return {"trace", plan, measure, baseline}; }

}  // namespace bench
