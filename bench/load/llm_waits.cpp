// llm_waits: N concurrent LLM calls, each a seeded uniform wait of 0.5–1.0 s that then returns a
// small result, all awaited by one gather. The main job of Dwell, and the row to compare runtimes
// by.
//
// The time from the first task's creation to the gather's return is measured inside the root task:
// starting and stopping the runtime is not part of the question.
#include <algorithm>

#include "../harness/resources.hpp"
#include "dwell_settings.hpp"
#include "splitmix.hpp"
#include "waits.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr std::uint64_t sleep_seed = 42;
constexpr std::uint32_t shortest_us = 500'000;
constexpr std::uint32_t spread_us = 500'001;

template <class Result>
dwell::task<Result> one_call(wait_record* record) {
  const std::chrono::microseconds duration(record->duration_us);
  record->asleep_at_ns = now_ns();
  co_await dwell::sleep_for(duration);
  record->resumed_at_ns = now_ns();
  record->resumptions.fetch_add(1, std::memory_order_relaxed);
  co_return expected<Result>(record->index);
}

template <class Result>
dwell::task<> all_calls(wait_records records, wait_run* run) {
  run->begin();
  std::vector<dwell::task<Result>> tasks;
  tasks.reserve(records.size());
  for (auto& each : records) tasks.push_back(one_call<Result>(&each));
  run->created();
  const auto results = co_await dwell::gather(std::move(tasks));
  run->end();
  check_results(results, *run);
}

std::vector<wait_record> make_records(const row& subject) {
  std::vector<wait_record> records(subject.get_number("n"));
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    records[i].index = i;
    records[i].duration_us =
        shortest_us + static_cast<std::uint32_t>(splitmix64(sleep_seed, i) % spread_us);
  }
  return records;
}

wait_run execute(const row& subject, wait_records records) {
  wait_run run;
  const auto chosen = settings_of(subject);
  if (subject.get("result") == "string") {
    dwell::run(all_calls<std::string>(records, &run), chosen);
  } else {
    dwell::run(all_calls<std::uint64_t>(records, &run), chosen);
  }
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

row row_of(const options& wanted, std::uint64_t n, const char* result, unsigned slack_us) {
  row planned{"dwell", "llm_waits", {}};
  planned.number("n", n)
      .number("threads", wanted.threads)
      .text("result", result)
      .knob("timer_slack_us", slack_us);
  return planned;
}

/// Growth is shown with the small result; the string and the other slacks are there to be compared
/// at one size.
std::vector<row> plan(const options& wanted) {
  std::vector<std::uint64_t> sizes{10'000, 100'000};
  std::uint64_t compared = 100'000;
  if (wanted.how == effort::smoke) sizes = {compared = 200};
  if (wanted.how == effort::full) sizes = {1'000, 10'000, 100'000, 1'000'000};
  std::vector<row> rows;
  for (const auto n : sizes) rows.push_back(row_of(wanted, n, "u64", wanted.timer_slack_us));
  rows.push_back(row_of(wanted, compared, "string", wanted.timer_slack_us));
  for (const unsigned slack_us : {0U, 50U, 1'000U}) {
    if (slack_us != wanted.timer_slack_us)
      rows.push_back(row_of(wanted, compared, "u64", slack_us));
  }
  return rows;
}

}  // namespace

workload llm_waits() { return {"llm_waits", plan, measure, baseline}; }

}  // namespace bench
