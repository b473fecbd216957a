// http_fanout: n requests to one server, which answers each after 50 ms with 1 KB; so many of them
// in flight at a time. What a client costs when the model is far away.
//
// The server shares the machine: beyond what the answers take, the wall time is that of both.
#include <algorithm>
#include <ranges>
#include <utility>

#include <dwell/http/client.hpp>

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"
#include "dwell_settings.hpp"
#include "http_service.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

namespace http = dwell::http;

struct request_record {
  std::int64_t took_ns = 0;
  bool right = false;
};

struct fanout_run {
  std::vector<request_record> records;
  std::int64_t wall_ns = 0;
  std::int64_t cpu_ns = 0;
};

dwell::task<int> ask(http::client& client, std::string url, std::uint64_t index,
                     request_record& record) {
  const auto begun = now_ns();
  auto sending = client.get(std::move(url));
  auto answer = co_await std::move(sending);
  const std::string text = co_await answer.text();
  record.took_ns = now_ns() - begun;
  record.right = answer.status == 200 && text == expected_reply(index);
  co_return 0;
}

http::client_options options_for(std::size_t in_flight) {
  http::client_options chosen;
  chosen.per_origin = chosen.requests = chosen.idle_connections = in_flight;
  return chosen;
}

dwell::task<> ask_all(const row& subject, fanout_run& run) {
  const auto in_flight = static_cast<std::size_t>(subject.get_number("in_flight"));
  const auto base = "http://127.0.0.1:" + subject.get("port") + "/reply/";
  http::client client(options_for(in_flight));
  const auto one = [&](std::size_t i) {
    return ask(client, base + std::to_string(i), i, run.records[i]);
  };
  const auto cpu_begun = cpu_ns();
  const auto begun = now_ns();
  auto asking =
      dwell::map_limited(std::views::iota(std::size_t{0}, run.records.size()), in_flight, one);
  const auto done = co_await std::move(asking);
  run.wall_ns = now_ns() - begun;
  run.cpu_ns = cpu_ns() - cpu_begun;
}

std::string failure_of(const fanout_run& run) {
  const auto wrong = std::ranges::count(run.records, false, &request_record::right);
  return wrong == 0 ? "" : std::to_string(wrong) + " answers are wrong";
}

measurement summary(const fanout_run& run) {
  const auto n = static_cast<double>(run.records.size());
  std::vector<double> late_us;
  for (const auto& each : run.records)
    late_us.push_back(
        static_cast<double>(each.took_ns - std::chrono::nanoseconds(reply_time).count()) / 1e3);
  std::ranges::sort(late_us);
  return {{{"cpu_us_per_request", static_cast<double>(run.cpu_ns) / 1e3 / n},
           {"wall_ms", static_cast<double>(run.wall_ns) / 1e6},
           {"late_p50_us", quantile(late_us, 0.5)},
           {"late_p99_us", quantile(late_us, 0.99)}},
          curve_of(late_us),
          failure_of(run)};
}

measurement measure(const row& subject) {
  fanout_run run;
  run.records.resize(subject.get_number("n"));
  dwell::run(ask_all(subject, run), settings_of(subject));
  return summary(run);
}

std::vector<row> plan(const options& wanted) {
  const bool smoke = wanted.how == effort::smoke;
  row planned = untimed_row(wanted, "http_fanout", smoke ? 100 : 10'000, wanted.threads);
  planned.number("in_flight", smoke ? 20 : 1'000);
  return {std::move(planned)};
}

}  // namespace

workload http_fanout() {
  return {.name = "http_fanout", .plan = plan, .measure = measure, .served_by_us = "http"};
}

}  // namespace bench
