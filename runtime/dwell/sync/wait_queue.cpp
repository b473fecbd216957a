#include <dwell/base/panic.hpp>
#include <dwell/os/futex.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/join.hpp>

namespace dwell::inline v0::sync {

bool queued_wait::may_go_on(std::coroutine_handle<> self) noexcept {
  core::frame_header& leaf = core::frame_header::of(self);
  set_leaf(leaf);
  home_ = core::current_context->exec;
  if (!leaf.root->joined().cancel_requested()) return true;
  mark_cancelled();
  return false;
}

bool queued_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<queued_wait&>(self);
  const os::lock_guard guard(w.queue_->lock());
  return w.queue_->remove(w);
}

void queued_wait::sleep_as_thread() noexcept {
  // acquire: pairs with the release in wake_thread(): what the granter wrote is seen.
  while (thread_woken_.load(base::acquire) == 0) os::futex_wait(thread_woken_, 0);
}

void queued_wait::wake_thread() noexcept {
  base::atomic<std::uint32_t>& word = thread_woken_;
  word.store(1, base::release);  // release: pairs with the acquire in sleep_as_thread()
  // By now the thread may have returned: as in os::lock, the call uses the address only, and a
  // sleeper that happens to have the same one looks again.
  os::futex_wake(word, 1);
}

// A worker resumes first what it was given last, so it is given the longest waiting last: they run
// in the order in which they were granted. What comes from another thread runs as it comes.
void granted_waits::wake_all() noexcept {
  const bool on_worker = core::current_context != nullptr;
  for (queued_wait* next = on_worker ? last_ : first_; next != nullptr;) {
    queued_wait& w = *next;
    // Before the wake: the wait may be gone after it.
    next = on_worker ? w.previous_ : w.next_;
    if (w.home_ == nullptr) {
      w.wake_thread();
      continue;
    }
    core::executor& home = *w.home_;
    if (core::wait* const claimed = w.root().sleep.wake()) home.submit(*claimed);
  }
}

void wait_queue::push_back(queued_wait& w) noexcept {
  DWELL_ASSERT(!w.linked_, "a wait stands in one queue");
  w.linked_ = true;
  w.queue_ = this;
  w.previous_ = last_;
  w.next_ = nullptr;
  (last_ != nullptr ? last_->next_ : first_) = &w;
  last_ = &w;
  ++size_;
  ++entered_;
}

queued_wait* wait_queue::pop_front() noexcept {
  queued_wait* const w = first_;
  if (w != nullptr) (void)remove(*w);
  return w;
}

bool wait_queue::remove(queued_wait& w) noexcept {
  if (!w.linked_) return false;
  w.linked_ = false;
  (w.previous_ != nullptr ? w.previous_->next_ : first_) = w.next_;
  (w.next_ != nullptr ? w.next_->previous_ : last_) = w.previous_;
  --size_;
  return true;
}

void wait_queue::grant_all(granted_waits& granted) noexcept {
  while (queued_wait* const w = pop_front()) granted.add(*w);
}

void wait_queue::refuse_to_go() const noexcept {
  base::panic(first_->kind().name,
              "what it waits in was destroyed; it must outlive its waits: join or cancel the tasks "
              "that wait first");
}

}  // namespace dwell::inline v0::sync
