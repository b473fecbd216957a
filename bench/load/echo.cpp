// echo: 64 bytes go to a server over TCP and come back, on every connection at once. What a request
// costs when the work itself is nothing: the poller, the wake-up, two system calls.
//
// The client shares the machine with the server, on two cores a core each: its own part of a
// request is the same for every server, so the differences are the server's and the ratios are too
// small rather than too great.
#include "../client/echo_client.hpp"
#include "../client/server_process.hpp"
#include "../harness/statistics.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

measurement summary(const echo_period& period, std::int64_t server_cpu_ns) {
  const auto& sorted = period.latencies_us;
  const auto replies = static_cast<double>(sorted.size());
  const auto took_us = static_cast<double>(period.took_ns) / 1e3;
  return {{{"us_per_request", took_us / replies},
           {"requests_per_s", replies / took_us * 1e6},
           {"p50_us", quantile(sorted, 0.5)},
           {"p99_us", quantile(sorted, 0.99)},
           {"max_us", sorted.back()},
           {"server_cpu_us", static_cast<double>(server_cpu_ns) / 1e3 / replies}},
          curve_of(sorted),
          {}};
}

measurement measure(const row& subject) {
  const auto n = static_cast<std::uint32_t>(subject.get_number("n"));
  const std::chrono::milliseconds duration(subject.get_number("duration_ms"));
  return with_server(subject, "echo", [&](const server_process& server) {
    echo_client client(server.port(), n);
    client.ping_pong(duration / 5);  // to warm up
    const auto cpu_begun = server.cpu_ns();
    const auto period = client.ping_pong(duration);
    const auto cpu_ended = server.cpu_ns();
    client.expect_silence();
    return summary(period, cpu_ended - cpu_begun);
  });
}

std::vector<row> plan(const options& wanted) {
  const bool smoke = wanted.how == effort::smoke;
  std::vector<row> rows;
  for (const auto n : smoke ? std::vector{1, 16} : std::vector{1, 64, 1'000}) {
    rows.push_back(untimed_row(wanted, "echo", static_cast<std::uint64_t>(n), wanted.threads));
    rows.back().hidden("duration_ms", smoke ? "20" : "2000");
  }
  return rows;
}

}  // namespace

workload echo() { return {"echo", plan, measure, nullptr, true}; }

}  // namespace bench
