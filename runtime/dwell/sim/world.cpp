#include <algorithm>

#include <dwell/base/panic.hpp>
#include <dwell/engine/dump.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sim/world.hpp>
#include <dwell/task/wait.hpp>
#include <dwell/task/wake_batch.hpp>

namespace dwell::inline v0::sim {

using core::frame_header;
using core::work;

namespace {

// What a program may take to end after it was called off. Some even after a low limit, which its
// tasks need to unwind; not all of a high one again, for one that will never end.
std::uint64_t steps_to_end(std::uint64_t max_steps) noexcept {
  return std::clamp<std::uint64_t>(max_steps, 10'000, 1'000'000);
}

// For the length of a run the calling thread is the world's worker.
class on_worker {
 public:
  explicit on_worker(scheduler::worker& w) noexcept { core::current_context = &w; }
  ~on_worker() { core::current_context = nullptr; }
  on_worker(const on_worker&) = delete;
  on_worker& operator=(const on_worker&) = delete;
};

}  // namespace

world::world(source& chance, const options& o)
    : source_(chance),
      options_(o),
      pool_(1, {}),
      worker_(pool_.at(0)),
      reactor_(pool_, 1, chance.now_ns()),
      blocking_(chance, std::max(1U, o.blocking_threads), o.job_time.count()),
      compute_(chance, std::max(1U, o.compute_threads), o.job_time.count()),
      runners_{.blocking = &blocking_,
               .compute = &compute_,
               .report_unobserved = &scope::report_unobserved},
      ends_ns_(os::deadline_after(chance.now_ns(), o.time_limit)),
      steps_left_(o.max_steps) {
  worker_.timers = &reactor_.port(0);
  worker_.home = &background_;
  worker_.runners = &runners_;
  // Attended from the start, so that a timer that is posted neither kicks nor sets an alarm.
  static_cast<void>(reactor_.enter());
}

void world::run_root(frame_header& root, std::source_location here) {
  background_.set_run_site(here);
  const on_worker inside(worker_);
  engine::root_join join(root, bell_);
  try {
    pool_.start(root);
  } catch (...) {
    root.skipped = true;
    throw;
  }
  drive(join, [&] { return join.ended(); });
  background_.cancel(pool_, core::cancel_reason::shutdown);
  drive(join, [&] { return all_ended(); });
  if (trouble_ == trouble::deadlock) throw deadlock_error(report_);
  if (trouble_ == trouble::limit) throw limit_exceeded(report_);
}

// A function that blocking() abandoned still ends, as at the shutdown of a runtime.
bool world::all_ended() const noexcept {
  return background_.outside() + worker_.spawned.get() == 0 &&
         std::min(blocking_.next_event(), compute_.next_event()) == os::never_ns;
}

template <class Done>
void world::drive(engine::root_join& root, Done done) noexcept {
  while (!done()) {
    collect();
    if (!ready_.empty()) {
      if (steps_left_-- == 0) call_off(root, trouble::limit);
      run_one();
    } else if (const trouble why = advance_clock(); why != trouble::none) {
      call_off(root, why);
    }
  }
}

// ---- What is ready ----

void world::collect() noexcept {
  while (const work w = worker_.next_work()) add(w);
}

void world::add(work w) noexcept {
  if (w.what() != work::kind::batch) return ready_.push_back(w);
  core::wake_batch& batch = w.batch();
  for (std::uint32_t i = 0; i < batch.count; ++i) ready_.push_back(work::of_root(*batch.roots[i]));
  batch.recycle(batch);
}

void world::run_one() noexcept {
  const std::size_t choices = ready_.size();
  const work chosen = std::exchange(ready_[source_.below(choices)], ready_.back());
  ready_.pop_back();
  run(chosen, choices);
}

void world::run(work w, std::size_t choices) noexcept {
  if (w.what() == work::kind::frame) {
    frame_header& f = w.frame();
    return resume(f, f.is_root() && !f.started ? "begins" : "goes on", choices);
  }
  core::wait* const over = w.what() == work::kind::wait ? &w.waiting() : w.frame().sleep.wake();
  if (over != nullptr) resume(over->leaf(), over->kind().name, choices);
}

// Resumes one frame; what it transfers to beyond its budget is one more choice.
void world::resume(frame_header& f, std::string_view why, std::size_t choices) noexcept {
  note(why, &f.where, choices);
  worker_.chain = f.root;
  worker_.budget = 1 + static_cast<int>(source_.below(std::max(1U, options_.most_transfers)));
  if (f.is_root() && !f.started)
    begin(f);
  else
    f.handle().resume();
  frame_header* const next = std::exchange(worker_.next, nullptr);
  if (next == nullptr) return;
  core::detach_chain(*next->root);
  ready_.push_back(work::of_frame(*next));
}

// As scheduler::worker::begin().
void world::begin(frame_header& root) noexcept {
  root.started = true;
  if (!root.skipped && !root.joined().skips_new_chains()) {
    root.attached = root.joined().owner() == &worker_;
    return root.handle().resume();
  }
  root.skipped = true;
  worker_.chain = nullptr;
  worker_.next = root.joined().chain_ended(root);
}

// ---- Time ----

// Cancelled timers are still in the wheel, but a clock that stops at one does no harm.
world::trouble world::advance_clock() noexcept {
  const std::int64_t jobs = std::min(blocking_.next_event(), compute_.next_event());
  if (reactor_.pending_timers() == 0 && jobs == os::never_ns) return trouble::deadlock;
  const std::int64_t timers = reactor_.step(source_.now_ns());
  collect();
  if (!ready_.empty()) return trouble::none;  // more was due at once than fits into the batches
  const std::int64_t next = std::min(timers, jobs);
  if (next > ends_ns_ && trouble_ == trouble::none) return trouble::limit;
  if (next > source_.now_ns()) {
    source_.advance_to(next);
    source_.advance_to(source_.soon(options_.jitter.count()));
    note("clock", nullptr, 0);
  }
  static_cast<void>(reactor_.step(source_.now_ns()));
  blocking_.step();
  compute_.step();
  return trouble::none;
}

// ---- Trouble ----

// Once: everything is cancelled, shields notwithstanding, and has some steps to end.
void world::call_off(engine::root_join& root, trouble why) noexcept {
  if (trouble_ != trouble::none)
    base::panic("sim::run",
                "a task does not end after it was cancelled: it does not await, or swallows "
                "dwell::cancelled. What came first is: " +
                    report_);
  trouble_ = why;
  steps_left_ = steps_to_end(options_.max_steps);
  report_ = why == trouble::deadlock
                ? "deadlock: every task sleeps and no timer or job is left that could wake one; "
                  "what each awaits:\n"
                : "limit exceeded: the program still runs; what each sleeping task awaits:\n";
  engine::describe_sleepers(root, report_);
  engine::describe_sleepers(background_, report_);
  root.cancel(pool_, core::cancel_reason::deadlock);
  background_.cancel(pool_, core::cancel_reason::deadlock);
}

// ---- The trace ----

void world::note(std::string_view what, const std::source_location* where,
                 std::size_t choices) noexcept {
  if (options_.trace == nullptr) return;
  std::string& text = *options_.trace;
  text.append("+").append(std::to_string(source_.now_ns() - source::start_ns)).append(" ns  ");
  text += what;
  if (where != nullptr) {
    text.append("  one of ").append(std::to_string(choices)).append("  ");
    engine::append_site(text, *where);
  }
  text += '\n';
}

}  // namespace dwell::inline v0::sim
