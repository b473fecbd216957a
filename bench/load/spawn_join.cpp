// spawn_join: a task spawns another, which does nothing, and awaits it; again and again. The price
// of a task of its own for one call.
#include "dwell_settings.hpp"
#include "timed_loop.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

dwell::task<std::uint64_t> number(std::uint64_t value) { co_return value; }

dwell::task<> spawn_and_join(timed_loop* run) {
  for (std::uint64_t i = 0; i < run->times(); ++i) {
    run->before(i);
    auto child = dwell::spawn(number(i));
    run->expect(co_await child, i);
  }
  run->end();
}

measurement measure(const row& subject) {
  timed_loop run(subject.get_number("n"));
  dwell::run(spawn_and_join(&run), settings_of(subject));
  return run.summary("ns_per_task");
}

std::vector<row> plan(const options& wanted) {
  return untimed_rows(wanted, "spawn_join", wanted.how == effort::smoke ? 1'000 : 1'000'000);
}

}  // namespace

workload spawn_join() { return {"spawn_join", plan, measure}; }

}  // namespace bench
