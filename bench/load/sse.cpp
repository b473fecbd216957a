// sse: n streams of server-sent events at once, as models send them: 200 tokens, one each 20 ms.
// How late is a token, and what does it cost the client?
//
// Lateness counts from when the server was to send: it is that of both ends, which share the
// machine, and the server is the same for all.
#include <algorithm>
#include <charconv>
#include <utility>

#include <dwell/http/client.hpp>
#include <dwell/http/sse.hpp>

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"
#include "dwell_settings.hpp"
#include "http_service.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

namespace http = dwell::http;

struct stream_record {
  std::vector<std::int64_t> late_ns;
  std::string failure = "has not ended";
};

struct stream_run {
  std::vector<stream_record> records;
  std::uint64_t tokens = 0;
  std::int64_t cpu_ns = 0;
};

/// Empty when this token is the next one and not early.
std::string take_token(std::string_view data, stream_record& record) {
  std::uint64_t k = 0;
  std::int64_t due_ns = 0;
  const char* const end = data.data() + data.size();
  const auto number = std::from_chars(data.data(), end, k);
  if (number.ptr == end || std::from_chars(number.ptr + 1, end, due_ns).ptr != end)
    return "has a token '" + std::string(data) + "'";
  if (k != record.late_ns.size()) return "has token " + std::to_string(k) + " out of its order";
  record.late_ns.push_back(now_ns() - due_ns);
  return record.late_ns.back() < 0 ? "has a token that came early" : "";
}

/// True when the stream has said that it is at its end, or is wrong.
bool take_event(std::string_view data, std::uint64_t wanted, stream_record& record) {
  if (data != "[DONE]") {
    record.failure = take_token(data, record);
    return !record.failure.empty();
  }
  const auto got = record.late_ns.size();
  record.failure = got == wanted ? "" : "has " + std::to_string(got) + " tokens";
  return true;
}

dwell::task<int> follow(http::client& client, std::string url, std::uint64_t tokens,
                        stream_record& record) {
  record.late_ns.reserve(tokens);
  auto sending = client.get(std::move(url));
  auto answer = co_await std::move(sending);
  http::sse::parser events;
  bool over = false;
  for (std::string piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) {
    dwell::net::const_bytes input = dwell::net::bytes_of(piece);
    while (const auto* const event = events.next(input))
      over = over || take_event(event->data, tokens, record);
  }
  if (!over) record.failure = "ended without its mark";
  co_return 0;
}

dwell::task<> follow_all(const row& subject, stream_run& run) {
  http::client_options chosen;
  chosen.per_origin = chosen.requests = chosen.idle_connections = run.records.size();
  http::client client(chosen);
  const auto begun = cpu_ns();
  std::vector<dwell::task<int>> streams;
  for (std::size_t i = 0; i < run.records.size(); ++i) {
    auto url = "http://127.0.0.1:" + subject.get("port") + "/stream/" + std::to_string(i) +
               "?n=" + std::to_string(run.tokens);
    streams.push_back(follow(client, std::move(url), run.tokens, run.records[i]));
  }
  auto all = dwell::gather(std::move(streams));
  const auto done = co_await std::move(all);
  run.cpu_ns = cpu_ns() - begun;
}

std::string failure_of(const stream_run& run) {
  for (std::size_t i = 0; i < run.records.size(); ++i) {
    const auto& failure = run.records[i].failure;
    if (!failure.empty()) return "stream " + std::to_string(i) + ' ' + failure;
  }
  return {};
}

measurement summary(const stream_run& run) {
  std::vector<double> late_us;
  for (const auto& each : run.records) {
    for (const auto ns : each.late_ns) late_us.push_back(static_cast<double>(ns) / 1e3);
  }
  std::ranges::sort(late_us);
  const auto count = static_cast<double>(run.records.size() * run.tokens);
  return {{{"late_p99_us", quantile(late_us, 0.99)},
           {"late_p50_us", quantile(late_us, 0.5)},
           {"late_p999_us", quantile(late_us, 0.999)},
           {"cpu_us_per_token", static_cast<double>(run.cpu_ns) / 1e3 / count}},
          curve_of(late_us),
          failure_of(run)};
}

measurement measure(const row& subject) {
  stream_run run;
  run.records.resize(subject.get_number("n"));
  run.tokens = subject.get_number("tokens");
  dwell::run(follow_all(subject, run), settings_of(subject));
  return summary(run);
}

std::vector<row> plan(const options& wanted) {
  const bool smoke = wanted.how == effort::smoke;
  row planned = untimed_row(wanted, "sse", smoke ? 20 : 1'000, wanted.threads);
  planned.number("tokens", smoke ? 5 : 200);
  return {std::move(planned)};
}

}  // namespace

workload sse() { return {.name = "sse", .plan = plan, .measure = measure, .served_by_us = "http"}; }

}  // namespace bench
