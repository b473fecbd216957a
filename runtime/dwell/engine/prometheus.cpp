// The numbers of a snapshot in the text format that Prometheus scrapes.
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/engine/statistics.hpp>

namespace dwell::inline v0 {

namespace {

struct worker_metric {
  std::string_view name;
  std::string_view help;
  std::uint64_t worker_statistics::*value;
};

constexpr std::array worker_metrics{
    worker_metric{"polls", "Chains of coroutines that its loop resumed.",
                  &worker_statistics::polls},
    worker_metric{"steals", "Thefts from other workers.", &worker_statistics::steals},
    worker_metric{"stolen", "Pieces of work that they brought.", &worker_statistics::stolen},
    worker_metric{"lifo_runs", "Chains run straight after the one that woke them.",
                  &worker_statistics::lifo_runs},
    worker_metric{"injected", "Pieces of work taken from the shared queue.",
                  &worker_statistics::injected},
    worker_metric{"parks", "Times it went to sleep.", &worker_statistics::parks},
    worker_metric{"wakeups", "Sleeping workers that it woke.", &worker_statistics::wakeups},
};

class page {
 public:
  void begin(std::string_view name, std::string_view kind, std::string_view help) {
    line("# HELP dwell_", name, " ", help);
    line("# TYPE dwell_", name, " ", kind);
  }
  template <class Number>
  void value(std::string_view name, const std::string& labels, Number number) {
    line("dwell_", name, labels, " ", std::to_string(number));
  }
  template <class Number>
  void alone(std::string_view name, std::string_view kind, std::string_view help, Number number) {
    begin(name, kind, help);
    value(name, {}, number);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  template <class... Parts>
  void line(const Parts&... parts) {
    ((text_ += parts), ...);
    text_ += '\n';
  }
  std::string text_;
};

std::string label(std::string_view name, std::string_view value) {
  std::string text("{");
  text.append(name).append("=\"").append(value).append("\"}");
  return text;
}

void add_workers(page& out, const std::vector<worker_statistics>& workers) {
  for (const worker_metric& metric : worker_metrics) {
    const std::string name = "worker_" + std::string(metric.name) + "_total";
    out.begin(name, "counter", metric.help);
    for (std::size_t i = 0; i < workers.size(); ++i)
      out.value(name, label("worker", std::to_string(i)), workers[i].*metric.value);
  }
  out.begin("worker_queued", "gauge", "Pieces of work in its own queue.");
  for (std::size_t i = 0; i < workers.size(); ++i)
    out.value("worker_queued", label("worker", std::to_string(i)), workers[i].queued);
}

std::string seconds(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", static_cast<double>(ns) / 1e9);
  return text;
}

// Prometheus counts each bucket with all below it.
void add_lateness(page& out, const timer_lateness& late) {
  out.begin("timer_lateness_seconds", "histogram",
            "From the deadline of a sleep until the reactor took it up.");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < late.counts.size(); ++i) {
    below += late.counts[i];
    const bool last = i + 1 == late.counts.size();
    out.value("timer_lateness_seconds_bucket",
              label("le", last ? "+Inf" : seconds(late.bound(i).count())), below);
  }
  out.value("timer_lateness_seconds_sum", {}, static_cast<double>(late.sum.count()) / 1e9);
  out.value("timer_lateness_seconds_count", {}, below);
}

}  // namespace

std::string to_prometheus(const statistics_snapshot& s) {
  page out;
  add_workers(out, s.workers);
  out.alone("injected_queued", "gauge", "Pieces of work in the shared queue.", s.injected_queued);
  out.alone("frames_live", "gauge", "Coroutine frames in existence, in the whole process.",
            s.live_frames);
  out.alone("spawned_live", "gauge", "Spawned tasks that have not ended.", s.live_spawned);
  out.alone("timers_pending", "gauge", "Sleeps that have not fired.", s.pending_timers);
  out.alone("timers_fired_total", "counter", "Sleeps that ended by time.", s.timers_fired);
  out.alone("timers_dropped_total", "counter", "Sleeps that were cancelled.", s.timers_dropped);
  out.alone("reactor_wakeups_total", "counter", "Waits for timers and sockets that ended.",
            s.reactor_wakeups);
  out.alone("reactor_batches_total", "counter", "Batches of woken chains.", s.reactor_batches);
  out.alone("sockets", "gauge", "Sockets that are open.", s.sockets);
  out.alone("socket_waits", "gauge", "Operations on them that wait.", s.socket_waits);
  out.alone("socket_events_total", "counter", "Events of sockets.", s.socket_events);
  add_lateness(out, s.lateness);
  out.alone("blocking_threads", "gauge", "Threads that exist for blocking().", s.blocking_threads);
  out.alone("blocking_idle", "gauge", "Those of them without work.", s.blocking_idle);
  out.alone("blocking_queued", "gauge", "Functions for them that have not begun.",
            s.blocking_queued);
  out.alone("compute_running", "gauge", "Functions given to compute() that run.",
            s.compute_running);
  out.alone("compute_queued", "gauge", "Those that have not begun.", s.compute_queued);
  return out.take();
}

}  // namespace dwell::inline v0
