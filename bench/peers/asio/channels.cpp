// ping_pong and mpmc over a channel on a strand, which takes the place of a lock.
#include <numeric>

#include "../../harness/resources.hpp"
#include "../../load/timed_loop.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using numbers = channel<std::uint64_t>;

awaitable<void> answers(numbers& questions, numbers& replies) {
  while (const auto asked = co_await questions.receive()) co_await replies.send(*asked + 1);
}

awaitable<void> asks(numbers& questions, numbers& replies, timed_loop& run) {
  for (std::uint64_t i = 0; i < run.times(); ++i) {
    run.before(i);
    co_await questions.send(i);
    const auto answer = co_await replies.receive();
    run.expect(answer.value_or(0), i + 1);
  }
  run.end();
  questions.close();
}

/// Runs `make`'s n coroutines on one strand and waits for them.
template <class Make>
awaitable<void> on_strand(std::uint64_t n, Make make) {
  const auto strand = asio::make_strand(co_await asio::this_coro::executor);
  co_await asio::co_spawn(
      strand, [&]() { return make(asio::any_io_executor(strand), n); }, use_awaitable);
}

}  // namespace

measurement measure_ping_pong(const row& subject) {
  timed_loop run(subject.get_number("n"));
  run_io(subject, [&]() -> awaitable<void> {
    co_await on_strand(2, [&](asio::any_io_executor strand, std::uint64_t n) -> awaitable<void> {
      numbers questions(strand, 1), replies(strand, 1);
      co_await all_of(n, [&](std::uint64_t i) {
        return i == 0 ? asks(questions, replies, run) : answers(questions, replies);
      });
    });
  });
  return run.summary("ns_per_round_trip");
}

measurement measure_mpmc(const row& subject) {
  const auto n = subject.get_number("n"), producers = subject.get_number("producers");
  const auto consumers = subject.get_number("consumers");
  std::vector<std::uint64_t> sums(consumers);
  std::uint64_t sending = producers;
  std::int64_t took_ns = 0;
  const auto produces = [&](numbers& items, std::uint64_t first) -> awaitable<void> {
    for (auto item = first; item <= n; item += producers) co_await items.send(item);
    if (--sending == 0) items.close();
  };
  const auto consumes = [&](numbers& items, std::uint64_t& sum) -> awaitable<void> {
    while (const auto item = co_await items.receive()) sum += *item;
  };
  run_io(subject, [&]() -> awaitable<void> {
    const auto begun = now_ns();
    co_await on_strand(producers + consumers,
                       [&](asio::any_io_executor strand, std::uint64_t all) -> awaitable<void> {
                         numbers items(strand, subject.get_number("capacity"));
                         co_await all_of(all, [&](std::uint64_t i) {
                           return i < producers ? produces(items, i + 1)
                                                : consumes(items, sums[i - producers]);
                         });
                       });
    took_ns = now_ns() - begun;
  });
  measurement found{
      {{"ns_per_item", static_cast<double>(took_ns) / static_cast<double>(n)}}, {}, {}};
  if (std::accumulate(sums.begin(), sums.end(), std::uint64_t{0}) != n * (n + 1) / 2)
    found.failure = "items are missing";
  return found;
}

}  // namespace bench
