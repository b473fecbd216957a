// llm_waits and trace: a coroutine with a timer for each call.
#include "../../load/waits.hpp"

#include <fstream>

#include "../../harness/resources.hpp"
#include "../../load/splitmix.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

std::vector<wait_record> seeded_records(const row& subject) {
  std::vector<wait_record> records(subject.get_number("n"));
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    records[i].index = i;
    records[i].duration_us = 500'000 + static_cast<std::uint32_t>(splitmix64(42, i) % 500'001);
  }
  return records;
}

std::vector<wait_record> scheduled_records(const row& subject) {
  std::vector<wait_record> records(subject.get_number("n"));
  std::ifstream file(subject.get("schedule"));
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    records[i].index = i;
    file >> records[i].arrival_us >> records[i].duration_us;
  }
  return records;
}

template <class Result>
awaitable<void> call(wait_record& mine, const wait_run& run, Result& result) {
  timer<> clock(co_await asio::this_coro::executor);
  if (mine.arrival_us > 0) {
    clock.expires_at(std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(run.begun_ns + mine.arrival_us * 1'000LL)));
    co_await clock.async_wait(use_awaitable<>);
  }
  mine.asleep_at_ns = now_ns();
  clock.expires_after(std::chrono::microseconds(mine.duration_us));
  co_await clock.async_wait(use_awaitable<>);
  mine.resumed_at_ns = now_ns();
  mine.resumptions.fetch_add(1, std::memory_order_relaxed);
  result = expected<Result>(mine.index);
}

template <class Result>
wait_run run_calls(const row& subject, wait_records records) {
  wait_run run;
  run_io(subject, [&]() -> awaitable<void> {
    run.begin();
    std::vector<Result> results(records.size());
    const auto on = co_await asio::this_coro::executor;
    co_await all_of(on, records.size(), [&](std::uint64_t i) {
      if (i + 1 == records.size()) run.created();
      return call(records[i], run, results[i]);
    });
    run.end();
    check_results(results, run);
  });
  return run;
}

measurement measure(const row& subject, std::vector<wait_record> records) {
  const auto run = subject.has("result", "string") ? run_calls<std::string>(subject, records)
                                                   : run_calls<std::uint64_t>(subject, records);
  return measure_waits(records, run, subject.get_number("baseline_bytes"));
}

}  // namespace

measurement measure_llm_waits(const row& subject) {
  return measure(subject, seeded_records(subject));
}

measurement measure_trace(const row& subject) {
  return measure(subject, scheduled_records(subject));
}

measurement baseline_of_waits(const row& subject) {
  const auto records =
      subject.workload == "trace" ? scheduled_records(subject) : seeded_records(subject);
  return baseline_of(run_calls<std::uint64_t>(subject, {}));
}

}  // namespace bench
