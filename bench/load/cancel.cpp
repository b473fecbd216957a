// cancel: n tasks sleep for an hour; one cancel, and all of them have to unwind. What a request
// costs whose client has gone, or an agent that was stopped.
#include <atomic>
#include <chrono>

#include "../harness/resources.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using namespace std::chrono_literals;

struct cancel_run {
  std::uint64_t sleepers = 0;
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> unwound{0};
  std::atomic<std::uint64_t> woken{0};
  std::int64_t cancelled_ns = 0;
  std::int64_t queued_ns = 0;
  std::int64_t joined_ns = 0;
};

/// Counts the task that it is in, at its beginning and when it is unwound.
class presence {
 public:
  explicit presence(cancel_run& run) : run_(run) {
    run_.begun.fetch_add(1, std::memory_order_relaxed);
  }
  ~presence() { run_.unwound.fetch_add(1, std::memory_order_relaxed); }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;

 private:
  cancel_run& run_;
};

dwell::task<> sleeps(cancel_run* run) {
  const presence here(*run);
  co_await dwell::sleep_for(1h);
  run->woken.fetch_add(1, std::memory_order_relaxed);
}

dwell::task<> cancels(cancel_run* run, dwell::cancel_scope* scope) {
  while (run->begun.load(std::memory_order_relaxed) < run->sleepers)
    co_await dwell::sleep_for(20ms);
  co_await dwell::sleep_for(100ms);  // the last of them are asleep, too
  run->cancelled_ns = now_ns();
  scope->cancel();
  run->queued_ns = now_ns();
}

dwell::task<> sleep_and_cancel(cancel_run* run) {
  const auto body = [run](dwell::cancel_scope& scope) -> dwell::task<> {
    std::vector<dwell::task<>> all;
    all.reserve(run->sleepers + 1);
    for (std::uint64_t i = 0; i < run->sleepers; ++i) all.push_back(sleeps(run));
    all.push_back(cancels(run, &scope));
    co_await dwell::gather(std::move(all));
  };
  co_await dwell::with_cancel_scope(body);
  run->joined_ns = now_ns();
}

measurement measure(const row& subject) {
  cancel_run run;
  run.sleepers = subject.get_number("n");
  dwell::run(sleep_and_cancel(&run), settings_of(subject));
  const auto each = [&](std::int64_t until) {
    return static_cast<double>(until - run.cancelled_ns) / static_cast<double>(run.sleepers);
  };
  measurement found{
      {{"ns_until_joined", each(run.joined_ns)}, {"ns_until_queued", each(run.queued_ns)}}, {}, {}};
  if (run.woken != 0 || run.unwound != run.sleepers)
    found.failure = std::to_string(run.unwound) + " of " + std::to_string(run.sleepers) +
                    " were cancelled, " + std::to_string(run.woken) + " woke";
  return found;
}

std::vector<row> plan(const options& wanted) {
  return untimed_rows(wanted, "cancel", wanted.how == effort::smoke ? 200 : 100'000);
}

}  // namespace

workload cancel() { return {"cancel", plan, measure}; }

}  // namespace bench
