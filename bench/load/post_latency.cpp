// post_latency: a thread that is no worker posts a task into a runtime in which all sleep. How soon
// a gateway's callback, a signal or another pool is heard.
#include "dwell_settings.hpp"
#include "latencies.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

measurement measure(const row& subject) {
  dwell::runtime rt(settings_of(subject));
  return summary_of_latencies(post_tasks(rt, subject.get_number("n"),
                                         std::chrono::microseconds(subject.get_number("idle_us"))));
}

std::vector<row> plan(const options& wanted) {
  const std::uint64_t n = wanted.how == effort::smoke   ? 10
                          : wanted.how == effort::quick ? 500
                                                        : 2'000;
  auto planned = untimed_row(wanted, "post_latency", n, wanted.threads);
  return {planned.number("idle_us", 2'000)};
}

}  // namespace

workload post_latency() { return {"post_latency", plan, measure}; }

}  // namespace bench
