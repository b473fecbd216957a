// mpmc: producers and consumers at one bounded channel. Throughput under contention, with both ends
// having to wait now and then.
#include <numeric>

#include "../harness/resources.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using sender = dwell::channel_sender<std::uint64_t>;
using receiver = dwell::channel_receiver<std::uint64_t>;

struct mpmc_run {
  std::uint64_t items = 0;
  std::uint64_t producers = 0;
  std::uint64_t consumers = 0;
  std::uint64_t capacity = 0;
  std::uint64_t sum = 0;
  std::int64_t took_ns = 0;
};

/// Sends first, first + step, … up to `last`; its own sum is none of its business.
dwell::task<std::uint64_t> produces(sender to, std::uint64_t first, std::uint64_t step,
                                    std::uint64_t last) {
  for (auto item = first; item <= last; item += step) co_await to.send(item);
  co_return 0;
}

dwell::task<std::uint64_t> consumes(receiver from) {
  std::uint64_t sum = 0;
  while (const auto item = co_await from.next()) sum += *item;
  co_return sum;
}

dwell::task<> everybody(mpmc_run* run) {
  const auto begun = now_ns();
  auto [tx, rx] = dwell::make_channel<std::uint64_t>(run->capacity);
  std::vector<dwell::task<std::uint64_t>> all;
  for (std::uint64_t i = 1; i <= run->producers; ++i)
    all.push_back(produces(tx.clone(), i, run->producers, run->items));
  for (std::uint64_t i = 0; i < run->consumers; ++i) all.push_back(consumes(rx.clone()));
  tx.reset();
  rx.reset();
  const auto sums = co_await dwell::gather(std::move(all));
  run->took_ns = now_ns() - begun;
  run->sum = std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

measurement measure(const row& subject) {
  mpmc_run run;
  run.items = subject.get_number("n");
  run.producers = subject.get_number("producers");
  run.consumers = subject.get_number("consumers");
  run.capacity = subject.get_number("capacity");
  dwell::run(everybody(&run), settings_of(subject));
  const auto expected = run.items * (run.items + 1) / 2;
  measurement found{
      {{"ns_per_item", static_cast<double>(run.took_ns) / static_cast<double>(run.items)}}, {}, {}};
  if (run.sum != expected)
    found.failure = "sum " + std::to_string(run.sum) + ", expected " + std::to_string(expected);
  return found;
}

std::vector<row> plan(const options& wanted) {
  auto rows = untimed_rows(wanted, "mpmc", wanted.how == effort::smoke ? 1'000 : 1'000'000);
  for (auto& each : rows)
    each.number("producers", 4).number("consumers", 4).number("capacity", 128);
  return rows;
}

}  // namespace

workload mpmc() { return {"mpmc", plan, measure}; }

}  // namespace bench
