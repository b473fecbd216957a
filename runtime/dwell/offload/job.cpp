#include <dwell/base/panic.hpp>
#include <dwell/offload/job.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0::offload {

namespace {
std::uintptr_t bits_of(core::wait& w) noexcept { return reinterpret_cast<std::uintptr_t>(&w); }
}  // namespace

// ---- The job's word ----

void job::set_first_wait(core::wait& w) noexcept {
  home_ = core::current_context->exec;
  bound_ = core::running_bindings();
  const core::frame_header& leaf = w.leaf();
  awaited_at_ = leaf.is_root() ? leaf.where : leaf.caller().where;
  word_.store(bits_of(w), base::relaxed);  // relaxed: the runner's lock publishes it
}

bool job::add_wait(core::wait& w) noexcept {
  std::uintptr_t expected = nobody;
  // release: publishes the wait. acquire on failure: pairs with complete(); the result is there.
  return word_.compare_exchange_strong(expected, bits_of(w), base::release, base::acquire);
}

bool job::forget_wait(core::wait& w) noexcept {
  std::uintptr_t expected = bits_of(w);
  // relaxed: nothing is handed over; the wait stays the sleeper's.
  return word_.compare_exchange_strong(expected, nobody, base::relaxed, base::relaxed);
}

bool job::try_abandon() noexcept {
  std::uintptr_t expected = nobody;
  // release: what the awaiting side wrote for complete(). acquire on failure: as in add_wait().
  if (word_.compare_exchange_strong(expected, abandoned, base::release, base::acquire)) return true;
  DWELL_ASSERT(expected == done, "a job is abandoned by the one who waited for it");
  return false;
}

bool job::complete() noexcept {
  core::executor& home = *home_;  // read first: with nobody waiting the job may go at once
  // acq_rel: publishes the result; takes the waiter's frame, or what try_abandon() left.
  const std::uintptr_t before = word_.exchange(done, base::acq_rel);
  DWELL_ASSERT(before != done, "a job is finished once");
  if (before == abandoned) return false;
  if (before == nobody) return true;
  auto& waiter = *reinterpret_cast<core::wait*>(before);
  if (core::wait* const claimed = waiter.root().sleep.wake()) home.submit(*claimed);
  return true;
}

// ---- The queue ----

void job_queue::push(job& j) noexcept {
  DWELL_ASSERT(!j.queued_, "a job is submitted once");
  j.queued_ = true;
  j.next_ = nullptr;
  j.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &j;
  last_ = &j;
  ++size_;
}

job* job_queue::pop() noexcept {
  job* const oldest = first_;
  if (oldest != nullptr) remove(*oldest);
  return oldest;
}

bool job_queue::remove(job& j) noexcept {
  if (!j.queued_) return false;
  j.queued_ = false;
  (j.previous_ != nullptr ? j.previous_->next_ : first_) = j.next_;
  (j.next_ != nullptr ? j.next_->previous_ : last_) = j.previous_;
  --size_;
  return true;
}

// ---- The waits ----

runners& current_runners(const char* who) noexcept {
  auto* const found = static_cast<runners*>(core::require_context(who).runners);
  if (found == nullptr) base::panic(who, "this executor has no threads for it; use dwell::run");
  return *found;
}

const core::wait_kind job_wait::for_blocking{"blocking", &job_wait::call_off};
const core::wait_kind job_wait::for_compute{"compute", &job_wait::call_off};
const core::wait_kind certain_wait::kind{"a function that runs on after a cancel",
                                         [](core::wait&) noexcept { return false; }};

bool job_wait::sleep(std::coroutine_handle<> self) noexcept {
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  job_.set_first_wait(*this);
  submitted_ = true;
  runner_.submit(job_);
  return core::end_wait(*this);
}

bool job_wait::await_resume() {
  root().sleep.resumed();
  if (!was_cancelled()) return true;
  if (!submitted_) core::throw_cancelled();
  return false;
}

bool job_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<job_wait&>(self);
  if (w.runner_.take_out(w.job_)) {
    w.submitted_ = false;
    return true;
  }
  return w.job_.forget_wait(w);
}

bool certain_wait::sleep(std::coroutine_handle<> self) noexcept {
  core::begin_certain_wait(*this, self);
  if (!job_.add_wait(*this)) {
    core::abandon_wait(*this);
    return core::give_way(*this);
  }
  return core::end_wait(*this);
}

}  // namespace dwell::inline v0::offload
