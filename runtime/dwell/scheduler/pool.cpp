#include <new>
#include <utility>

#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scheduler/pool.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::scheduler {

using core::work;

pool::pool(std::uint32_t workers, const tuning& t, thread_hooks hooks)
    : idle_(workers), hooks_(std::move(hooks)) {
  os::enable_asymmetric_fences();
  workers_.reserve(workers);
  for (std::uint32_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<worker>(*this, i, t));
}

pool::~pool() { stop_threads(); }

void pool::start_threads(const std::string& name) {
  threads_.reserve(workers_.size());
  try {
    for (const auto& w : workers_)
      threads_.emplace_back(name + "-" + std::to_string(w->index()),
                            [this, self = w.get()] { thread_main(*self); });
  } catch (...) {
    stop_threads();
    throw;
  }
}

void pool::stop_threads() noexcept {
  // relaxed: ordered by the lock of the idle ones. A worker that announces its sleep after we had
  // it sees the flag; one that did so before is woken.
  stopping_.store(true, base::relaxed);
  idle_.wake_all();
  for (os::thread& t : threads_) t.join();
  // acquire: pairs with the release in ~outside_call().
  while (inside_.load(base::acquire) > 0) os::yield_thread();
  threads_.clear();
  stopping_.store(false, base::relaxed);  // relaxed: no thread is left
}

// ---- Threads ----

void pool::thread_main(worker& w) noexcept {
  core::current_context = &w;
  if (hooks_.on_start) hooks_.on_start(w.index());
  do {
    while (w.step()) {
    }
  } while (await_work(w));
  if (hooks_.on_stop) hooks_.on_stop(w.index());
  core::current_context = nullptr;
}

// Searches, naps and sleeps until it has run something. False: the pool stops. Who woke for a timer
// and has run what was due goes back without a search: nobody called it.
bool pool::await_work(worker& w) {
  work found;
  bool called = false;
  bool nap = w.wants_nap();
  bool searching = !nap && !std::exchange(w.ran_timers, false) && idle_.try_search();
  for (;;) {
    if (searching) {
      if (found || (found = w.search())) {
        w.ran_timers = found.what() == work::kind::batch;
        take_up(w, found);
        return true;
      }
      if (called) w.called_in_vain();
      // relaxed: sleep() decides; this only saves a stopping pool the naps.
      nap = w.wants_nap() && !stopping_.load(base::relaxed);
    }
    called = !nap;
    if (nap)
      take_nap(w, searching);
    else if (!sleep(w, searching, found))
      return false;
    searching = true;
  }
}

void pool::take_up(worker& w, work found) {
  const idle::due fence = idle_.found_work();
  if (fence != idle::due::nothing) {
    idle::pay(fence);
    if (!injector_.empty() ? idle_.notify_of_injection() : any_work() && idle_.notify_of_push())
      w.counters().wakeups.add();
  }
  w.run(found);
}

void pool::take_nap(worker& w, bool was_searching) noexcept {
  idle_.announce_nap(w.index(), was_searching);
  idle::pay(idle::due::full_fence);
  if (!injector_.empty() && idle_.retract(w.index())) return;
  idle_.nap_until(w.index(), os::now_ns() + w.nap_ns());
}

// Also of a sleep that it only announced the worker must tell whoever dozes.
bool pool::sleep(worker& w, bool was_searching, work& found) noexcept {
  const bool goes_on = announce_and_sleep(w, was_searching, found);
  wake_the_dozing();
  return goes_on;
}

// Sleeps, or changes its mind at the re-check of invariant (W); searching afterwards, perhaps with
// something in hand. False: the pool stops.
bool pool::announce_and_sleep(worker& w, bool was_searching, work& found) noexcept {
  idle::pay(idle_.announce_sleep(w.index(), was_searching));
  // relaxed: ordered by the lock in announce_sleep(); see stop_threads().
  if (stopping_.load(base::relaxed)) {
    if (!idle_.retract(w.index())) idle_.block(w.index());
    (void)idle_.found_work();  // no longer searching; whoever still sleeps is woken by the stop
    return false;
  }
  if (any_work() && idle_.retract(w.index())) return true;
  if (idle_.all_asleep() && hooks_.on_all_asleep) hooks_.on_all_asleep();
  w.counters().parks.add();
  if (port_ != nullptr && port_->enter())
    found = attend(w);
  else
    idle_.block(w.index());
  return true;
}

bool pool::doze() noexcept {
  dozing_.store(true, base::relaxed);  // relaxed: ordered by the fence
  // Pairs with the light fence of a worker that has woken: it sees the flag, or we see it awake.
  os::heavy_fence();
  if (idle_.all_asleep()) return true;
  dozing_.store(false, base::relaxed);  // relaxed: who saw it calls in vain
  return false;
}

void pool::wake_the_dozing() noexcept {
  os::light_fence();  // pairs with the heavy fence in doze()
  // relaxed, both: a flag, and the exchange chooses one of several who see it.
  if (dozing_.load(base::relaxed) && dozing_.exchange(false, base::relaxed)) hooks_.on_awake();
}

// Sleeps in the port, which the worker has entered. Returns the batch that it has to run, if any.
work pool::attend(worker& w) noexcept {
  const std::uint32_t self = w.index();
  core::wake_batch* const fired =
      idle_.move_to_port(self) ? port_->wait(idle_.called(self)) : nullptr;
  const bool by_itself = idle_.retract(self);
  port_->leave();
  if (!by_itself) idle_.block(self);  // woken, or just being woken
  return fired != nullptr ? work::of_batch(*fired) : work{};
}

bool pool::any_work() noexcept {
  if (!injector_.empty()) return true;
  for (const auto& w : workers_)
    if (!w->queue().empty()) return true;
  return false;
}

// ---- Submitting ----

worker* pool::own_worker() const noexcept {
  worker* const w = worker::current();
  return w != nullptr && w->exec == this ? w : nullptr;
}

void pool::submit(core::wait& queued) noexcept {
  const work w = work::of_wait(queued);
  if (worker* const self = own_worker())
    self->submit_local(w);
  else
    inject(w);
}

void pool::submit(core::wake_batch& batch) noexcept { inject(work::of_batch(batch)); }

bool pool::nudge() noexcept {
  if (!idle_.any_asleep()) return false;  // nobody to ask
  if (any_work()) idle_.notify_of_push();
  return idle_.any_searching() || !injector_.empty();
}

void pool::start(core::frame_header& root) {
  if (worker* const self = own_worker()) {
    self->reserve(1);
    self->push_reserved(root);
    self->publish();
    return;
  }
  const outside_call inside(*this);
  if (!injector_.push(work::of_frame(root))) throw std::bad_alloc();
  idle_.notify_of_injection();
}

// A thread that is not ours may be off its processor between its push and its notify, while what it
// pushed runs, ends, and the runtime with it. So it says that it is inside, and stop_threads()
// waits.
pool::outside_call::outside_call(pool& p) noexcept : entered_(own_call(p) ? nullptr : &p.inside_) {
  // relaxed: ordered before the chain's end by the push that follows.
  if (entered_ != nullptr) entered_->fetch_add(1, base::relaxed);
}
pool::outside_call::~outside_call() {
  // release: pairs with the acquire in stop_threads(); the pool is not touched after this.
  if (entered_ != nullptr) entered_->fetch_sub(1, base::release);
}

bool pool::requeue(core::frame_header& leaf) noexcept {
  // Decided first: once pushed, the leaf may run elsewhere.
  const bool behind_others = own_worker() == nullptr || own_worker()->has_more();
  if (!injector_.push(work::of_frame(leaf))) return false;
  // With nothing else to do this worker comes round to the injector at once; waking another for it
  // would only move the chain.
  if (own_worker() == nullptr)
    idle_.notify_of_injection();
  else if (behind_others)
    idle_.notify_of_push();
  return true;
}

void pool::inject(work w) noexcept {
  const outside_call inside(*this);
  const bool pushed = injector_.push(w);
  DWELL_ASSERT(pushed, "a wait or a batch always finds room in the injector");
  idle_.notify_of_injection();
}

}  // namespace dwell::inline v0::scheduler
