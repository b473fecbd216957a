// ping_pong and mpmc over a channel on a strand, which takes the place of a lock.
#include <numeric>

#include "../../harness/resources.hpp"
#include "../../load/timed_loop.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

template <class Executor>
using numbers = channel<std::uint64_t, Executor>;

template <class Executor>
awaitable<void, Executor> answers(numbers<Executor>& questions, numbers<Executor>& replies) {
  while (const auto asked = co_await questions.receive()) co_await replies.send(*asked + 1);
}

template <class Executor>
awaitable<void, Executor> asks(numbers<Executor>& questions, numbers<Executor>& replies,
                               timed_loop& run) {
  for (std::uint64_t i = 0; i < run.times(); ++i) {
    run.before(i);
    co_await questions.send(i);
    const auto answer = co_await replies.receive();
    run.expect(answer.value_or(0), i + 1);
  }
  run.end();
  questions.close();
}

struct mpmc_run {
  std::uint64_t n;
  std::uint64_t producers;
  std::uint64_t sending;
  std::vector<std::uint64_t> sums;
};

template <class Executor>
awaitable<void, Executor> produces(numbers<Executor>& items, std::uint64_t first, mpmc_run& run) {
  for (auto item = first; item <= run.n; item += run.producers) co_await items.send(item);
  if (--run.sending == 0) items.close();
}

template <class Executor>
awaitable<void, Executor> consumes(numbers<Executor>& items, std::uint64_t& sum) {
  while (const auto item = co_await items.receive()) sum += *item;
}

/// Runs `make(executor)`, a coroutine, where one runs at a time.
template <class Make>
void run_one_at_a_time(const row& subject, Make make) {
  run_io(subject, [&]() -> awaitable<void> {
    const auto here = co_await asio::this_coro::executor;
    co_await one_at_a_time(subject, here,
                           [&](auto on) { return asio::co_spawn(on, make(on), use_awaitable<>); });
  });
}

}  // namespace

measurement measure_ping_pong(const row& subject) {
  timed_loop run(subject.get_number("n"));
  run_one_at_a_time(subject, [&]<class E>(E on) -> awaitable<void, E> {
    numbers<E> questions(on, 1), replies(on, 1);
    co_await all_of(on, 2, [&](std::uint64_t i) {
      return i == 0 ? asks(questions, replies, run) : answers(questions, replies);
    });
  });
  return run.summary("ns_per_round_trip");
}

measurement measure_mpmc(const row& subject) {
  const auto producers = subject.get_number("producers");
  mpmc_run run{subject.get_number("n"), producers, producers,
               std::vector<std::uint64_t>(subject.get_number("consumers"))};
  std::int64_t took_ns = 0;
  run_one_at_a_time(subject, [&]<class E>(E on) -> awaitable<void, E> {
    const auto begun = now_ns();
    numbers<E> items(on, subject.get_number("capacity"));
    co_await all_of(on, producers + run.sums.size(), [&](std::uint64_t i) {
      return i < producers ? produces(items, i + 1, run) : consumes(items, run.sums[i - producers]);
    });
    took_ns = now_ns() - begun;
  });
  measurement found{
      {{"ns_per_item", static_cast<double>(took_ns) / static_cast<double>(run.n)}}, {}, {}};
  if (std::accumulate(run.sums.begin(), run.sums.end(), std::uint64_t{0}) !=
      run.n * (run.n + 1) / 2)
    found.failure = "items are missing";
  return found;
}

}  // namespace bench
