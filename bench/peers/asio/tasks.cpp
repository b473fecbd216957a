// gather, spawn_join, cancel, timers.
#include <algorithm>
#include <numeric>

#include "../../harness/resources.hpp"
#include "../../harness/statistics.hpp"
#include "../../load/timed_loop.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

awaitable<void> place(std::uint64_t i, std::uint64_t& result) {
  result = i;
  co_return;
}

awaitable<std::uint64_t> number(std::uint64_t value) { co_return value; }

awaitable<void> sleep(timer<>& clock, std::atomic<std::uint64_t>& cancelled) {
  boost::system::error_code error;
  co_await clock.async_wait(asio::redirect_error(use_awaitable<>, error));
  if (error == asio::error::operation_aborted) cancelled.fetch_add(1);
}

awaitable<void> limits(std::uint64_t times, std::uint64_t& done) {
  timer<> clock(co_await asio::this_coro::executor);
  for (std::uint64_t i = 0; i < times; ++i) {
    bool over = false;
    clock.expires_after(std::chrono::seconds(30));
    clock.async_wait([&over](boost::system::error_code error) {
      if (!error) over = true;
    });
    co_await asio::post(use_awaitable<>);
    clock.cancel();
    if (!over) ++done;
  }
}

}  // namespace

measurement measure_gather(const row& subject) {
  const auto n = subject.get_number("n"), gathers = subject.get_number("gathers");
  const auto warm_up = gathers / 10 + 1;
  std::vector<double> took_us;
  std::string failure;
  run_io(subject, [&]() -> awaitable<void> {
    const auto on = co_await asio::this_coro::executor;
    for (std::uint64_t i = 0; i < gathers + warm_up; ++i) {
      const auto begun = now_ns();
      std::vector<std::uint64_t> results(n);
      co_await all_of(on, n, [&](std::uint64_t child) { return place(child, results[child]); });
      if (i >= warm_up) took_us.push_back(static_cast<double>(now_ns() - begun) / 1e3);
      for (std::uint64_t child = 0; child < n; ++child)
        if (results[child] != child) failure = "a child has another child's result";
    }
  });
  const auto total_us = std::accumulate(took_us.begin(), took_us.end(), 0.0);
  std::sort(took_us.begin(), took_us.end());
  return {{{"ns_per_child", total_us * 1e3 / static_cast<double>(n * gathers)},
           {"p50_us", quantile(took_us, 0.5)},
           {"p99_us", quantile(took_us, 0.99)}},
          curve_of(took_us),
          failure};
}

measurement measure_spawn_join(const row& subject) {
  timed_loop run(subject.get_number("n"));
  run_io(subject, [&]() -> awaitable<void> {
    const auto on = co_await asio::this_coro::executor;
    for (std::uint64_t i = 0; i < run.times(); ++i) {
      run.before(i);
      run.expect(co_await asio::co_spawn(on, number(i), use_awaitable<>), i);
    }
    run.end();
  });
  return run.summary("ns_per_task");
}

measurement measure_cancel(const row& subject) {
  const auto n = subject.get_number("n");
  std::atomic<std::uint64_t> cancelled{0};
  std::deque<timer<>> timers;
  std::int64_t first = 0, queued = 0, joined = 0;
  run_io(subject, [&]() -> awaitable<void> {
    const auto on = co_await asio::this_coro::executor;
    for (std::uint64_t i = 0; i < n; ++i) timers.emplace_back(on, std::chrono::hours(1));
    co_await all_of(on, n + 1, [&](std::uint64_t i) -> awaitable<void> {
      if (i < n) return sleep(timers[i], cancelled);
      return [](auto on, auto& timers, auto& first, auto& queued) -> awaitable<void> {
        timer<> settled(on, std::chrono::milliseconds(500));
        co_await settled.async_wait(use_awaitable<>);
        first = now_ns();
        for (auto& each : timers) each.cancel();
        queued = now_ns();
      }(on, timers, first, queued);
    });
    joined = now_ns();
    timers.clear();
  });
  const auto each = [&](std::int64_t until) {
    return static_cast<double>(until - first) / static_cast<double>(n);
  };
  measurement found{{{"ns_until_joined", each(joined)}, {"ns_until_queued", each(queued)}}, {}, {}};
  if (cancelled != n) found.failure = std::to_string(cancelled) + " were cancelled";
  return found;
}

measurement measure_timers(const row& subject) {
  const auto tasks = subject.get_number("tasks"), times = subject.get_number("n") / tasks;
  std::vector<std::uint64_t> done(tasks);
  std::int64_t took_ns = 0;
  run_io(subject, [&]() -> awaitable<void> {
    const auto on = co_await asio::this_coro::executor;
    const auto begun = now_ns();
    co_await all_of(on, tasks, [&](std::uint64_t i) { return limits(times, done[i]); });
    took_ns = now_ns() - begun;
  });
  const auto expected = times * tasks;
  measurement found{
      {{"ns_per_timer", static_cast<double>(took_ns) / static_cast<double>(expected)}}, {}, {}};
  if (std::accumulate(done.begin(), done.end(), std::uint64_t{0}) != expected)
    found.failure = "calls are missing";
  return found;
}

}  // namespace bench
