#include <new>

#include <dwell/os/asymmetric_fence.hpp>
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
  // relaxed: the heavy fence of a worker that announced its sleep, or the wake below, shows it.
  stopping_.store(true, base::relaxed);
  os::heavy_fence();
  idle_.wake_all();
  for (os::thread& t : threads_) t.join();
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

// Searches and sleeps until it has run something. False: the pool stops.
bool pool::await_work(worker& w) {
  bool searching = idle_.try_search();
  for (;;) {
    if (searching) {
      if (const work found = w.search()) {
        take_up(w, found);
        return true;
      }
    }
    const bool all_asleep = idle_.announce(w.index(), searching);
    // relaxed: ordered by the heavy fences here and in stop_threads().
    os::heavy_fence();
    if (stopping_.load(base::relaxed)) {
      if (!idle_.retract(w.index())) idle_.block(w.index());
      return false;
    }
    retract_or_block(w, all_asleep);
    searching = true;
  }
}

void pool::take_up(worker& w, work found) {
  if (idle_.found_work()) {
    os::heavy_fence();
    if (any_work() && idle_.notify()) w.counters().wakeups.add();
  }
  w.run(found);
}

// After an announce and its fence: the re-check of invariant (W). Afterwards the worker is
// searching.
void pool::retract_or_block(worker& w, bool all_asleep) noexcept {
  if (any_work() && idle_.retract(w.index())) return;
  if (all_asleep && hooks_.on_all_asleep) hooks_.on_all_asleep();
  w.counters().parks.add();
  idle_.block(w.index());
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

void pool::nudge() noexcept {
  if (idle_.any_asleep() && any_work()) idle_.notify();
}

void pool::start(core::frame_header& root) {
  if (worker* const self = own_worker()) {
    self->reserve(1);
    self->push_reserved(root);
    self->publish();
    return;
  }
  if (!injector_.push(work::of_frame(root))) throw std::bad_alloc();
  idle_.notify();
}

bool pool::requeue(core::frame_header& leaf) noexcept {
  // Decided first: once pushed, the leaf may run elsewhere.
  const bool behind_others = own_worker() == nullptr || own_worker()->has_more();
  if (!injector_.push(work::of_frame(leaf))) return false;
  // With nothing else to do this worker comes round to the injector at once; waking another for it
  // would only move the chain.
  if (behind_others) idle_.notify();
  return true;
}

void pool::inject(work w) noexcept {
  const bool pushed = injector_.push(w);
  DWELL_ASSERT(pushed, "a wait or a batch always finds room in the injector");
  idle_.notify();
}

}  // namespace dwell::inline v0::scheduler
