// ping_pong: two tasks and two channels of one place; a number goes there and comes back greater.
// On one thread it is the price of waking a neighbour, on several also the question whether the
// scheduler tears the two apart.
#include "dwell_settings.hpp"
#include "timed_loop.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using sender = dwell::channel_sender<std::uint64_t>;
using receiver = dwell::channel_receiver<std::uint64_t>;

dwell::task<> answers(receiver from, sender to) {
  while (const auto asked = co_await from.next()) co_await to.send(*asked + 1);
}

dwell::task<> asks(sender to, receiver from, timed_loop* run) {
  for (std::uint64_t i = 0; i < run->times(); ++i) {
    run->before(i);
    co_await to.send(i);
    const auto answer = co_await from.next();
    run->expect(answer.value_or(0), i + 1);
  }
  run->end();
}

dwell::task<> both(timed_loop* run) {
  auto [question, asked] = dwell::make_channel<std::uint64_t>(1);
  auto [reply, answer] = dwell::make_channel<std::uint64_t>(1);
  co_await dwell::gather(asks(std::move(question), std::move(answer), run),
                         answers(std::move(asked), std::move(reply)));
}

measurement measure(const row& subject) {
  timed_loop run(subject.get_number("n"));
  dwell::run(both(&run), settings_of(subject));
  return run.summary("ns_per_round_trip");
}

std::vector<row> plan(const options& wanted) {
  return untimed_rows(wanted, "ping_pong", wanted.how == effort::smoke ? 1'000 : 500'000);
}

}  // namespace

workload ping_pong() { return {"ping_pong", plan, measure}; }

}  // namespace bench
