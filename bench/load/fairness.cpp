// fairness: every worker is kept busy by pairs of tasks that wake each other without end, and a
// thread from outside posts a task now and then. How long it waits shows whether a storm inside
// starves the rest.
#include <atomic>

#include "dwell_settings.hpp"
#include "latencies.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using sender = dwell::channel_sender<std::uint64_t>;
using receiver = dwell::channel_receiver<std::uint64_t>;

dwell::task<std::uint64_t> answers(receiver from, sender to) {
  std::uint64_t trips = 0;
  while (const auto asked = co_await from.next()) {
    co_await to.send(*asked);
    ++trips;
  }
  co_return trips;
}

dwell::task<std::uint64_t> asks(sender to, receiver from, const std::atomic<bool>* stop) {
  std::uint64_t trips = 0;
  for (; !stop->load(std::memory_order_relaxed); ++trips) {
    co_await to.send(trips);
    co_await from.next();
  }
  co_return trips;
}

/// The least number of round trips that a pair made.
dwell::task<std::uint64_t> storm(std::uint64_t pairs, const std::atomic<bool>* stop) {
  std::vector<dwell::task<std::uint64_t>> all;
  for (std::uint64_t i = 0; i < pairs; ++i) {
    auto [question, asked] = dwell::make_channel<std::uint64_t>(1);
    auto [reply, answer] = dwell::make_channel<std::uint64_t>(1);
    all.push_back(asks(std::move(question), std::move(answer), stop));
    all.push_back(answers(std::move(asked), std::move(reply)));
  }
  const auto trips = co_await dwell::gather(std::move(all));
  co_return *std::min_element(trips.begin(), trips.end());
}

measurement measure(const row& subject) {
  dwell::runtime rt(settings_of(subject));
  std::atomic<bool> stop{false};
  auto pairs = rt.spawn(storm(2 * subject.get_number("threads"), &stop));
  auto found = summary_of_latencies(post_tasks(
      rt, subject.get_number("n"), std::chrono::microseconds(subject.get_number("every_us"))));
  stop = true;
  if (pairs.join() == 0) found.failure = "a pair made no round trip";
  return found;
}

std::vector<row> plan(const options& wanted) {
  const std::uint64_t n = wanted.how == effort::smoke ? 10 : 2'000;
  auto planned = untimed_row(wanted, "fairness", n, wanted.threads);
  return {planned.number("every_us", 500)};
}

}  // namespace

workload fairness() { return {"fairness", plan, measure}; }

}  // namespace bench
