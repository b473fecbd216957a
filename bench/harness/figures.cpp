// Numbers and names for readers (see figures.hpp).
#include "figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace bench {

namespace {

using naming = std::pair<std::string_view, std::string_view>;

std::string lookup(const naming* first, const naming* last, std::string_view name) {
  const auto* found = std::find_if(first, last, [&](const naming& n) { return n.first == name; });
  return std::string(found == last ? name : found->second);
}

constexpr std::array headings{
    naming{"overhead_ms", "overhead ms"},
    naming{"cpu_ns_per_wait", "CPU ns/wait"},
    naming{"bytes_per_wait", "B/wait"},
    naming{"late_p50_us", "late p50 µs"},
    naming{"late_p99_us", "p99 µs"},
    naming{"late_p999_us", "p99.9 µs"},
    naming{"create_ms", "create ms"},
    naming{"ns_per_child", "ns/child"},
    naming{"p50_us", "p50 µs"},
    naming{"p99_us", "p99 µs"},
    naming{"timer_slack_us", "slack µs"},
    naming{"speedup", "speed-up"},
    naming{"max_us", "max µs"},
    naming{"ns_per_round_trip", "ns/round trip"},
    naming{"ns_per_item", "ns/item"},
    naming{"ns_per_task", "ns/task"},
    naming{"ns_per_timer", "ns/timer"},
    naming{"ns_until_joined", "ns/task until joined"},
    naming{"idle_us", "idle µs"},
    naming{"ns_until_queued", "until queued"},
    naming{"every_us", "every µs"},
    naming{"us_per_request", "µs/request"},
    naming{"requests_per_s", "requests/s"},
    naming{"server_cpu_us", "server CPU µs"},
    naming{"bytes_per_connection", "B/connection"},
    naming{"server_mib", "server MiB"},
    naming{"connect_us", "connect µs"},
    naming{"cpu_us_per_request", "CPU µs/request"},
    naming{"cpu_us_per_token", "CPU µs/token"},
    naming{"wall_ms", "wall ms"},
    naming{"in_flight", "in flight"},
};

constexpr std::array titles{
    naming{"llm_waits", "N waits of 0.5–1.0 s, awaited by one gather"},
    naming{"trace", "A request trace replayed"},
    naming{"gather", "Gather of children that do nothing"},
    naming{"skynet", "skynet: a tree of a million leaves, ten to a node"},
    naming{"fib", "fib: a fork for every addition"},
    naming{"nqueens", "n queens: an irregular tree"},
    naming{"ping_pong", "Ping-pong of two tasks over two channels"},
    naming{"mpmc", "Producers and consumers at one bounded channel"},
    naming{"spawn_join", "A task spawned and awaited, one after another"},
    naming{"cancel", "Cancelling N sleeping tasks"},
    naming{"post_latency", "From a thread outside into a sleeping runtime"},
    naming{"fairness", "From a thread outside into a busy runtime"},
    naming{"timers", "Time limits set and called off"},
    naming{"echo", "64 bytes to a server and back, on n TCP connections"},
    naming{"held_connections", "n TCP connections that a server holds"},
    naming{"http_fanout", "n HTTP requests, answered after 50 ms"},
    naming{"sse", "n streams of tokens, one each 20 ms"},
};

constexpr std::array runtimes{
    naming{"dwell", "Dwell"},   naming{"onetbb", "oneTBB"},       naming{"tokio", "Tokio"},
    naming{"go", "Go"},         naming{"asio", "Boost.Asio"},     naming{"asyncio", "asyncio"},
    naming{"uvloop", "uvloop"}, naming{"threads", "std::thread"},
};

}  // namespace

std::string figure(double value) {
  const double size = std::abs(value);
  const int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3;
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return decimals == 0 ? grouped(text) : text;
}

std::string round_figure(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.10g", value);
  return grouped(text);
}

std::string range(const spread& over_rounds) {
  if (over_rounds.low == over_rounds.high) return {};
  return figure(over_rounds.low) + "–" + figure(over_rounds.high);
}

std::string ratio(double value) { return figure(value) + "×"; }

std::string heading(std::string_view name) {
  return lookup(headings.begin(), headings.end(), name);
}

std::string unit(std::string_view metric) {
  if (metric.starts_with("bytes_")) return "B";
  if (metric.starts_with("ns_") || metric.find("_ns_") != metric.npos) return "ns";
  if (metric.starts_with("cpu_us_") || metric.ends_with("_us")) return "µs";
  return "ms";
}

std::string grouped(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  const auto whole = digits.substr(negative ? 1 : 0);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (whole.empty() || !std::all_of(whole.begin(), whole.end(), digit)) return std::string(digits);
  std::string text;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && (whole.size() - i) % 3 == 0) text += ',';
    text += whole[i];
  }
  return (negative ? "-" : "") + text;
}

std::string runtime_title(std::string_view runtime) {
  return lookup(runtimes.begin(), runtimes.end(), runtime);
}

std::string workload_title(std::string_view workload) {
  return lookup(titles.begin(), titles.end(), workload);
}

}  // namespace bench
