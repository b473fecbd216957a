#include <cstdio>
#include <utility>

#include <dwell/scope/spawn.hpp>
#include <dwell/task/background.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/would_block_worker.hpp>

namespace dwell::inline v0 {

namespace {

void print_unobserved(std::exception_ptr error, const std::source_location& where) noexcept {
  const char* text = "an exception that is no std::exception";
  const auto print = [&] {
    std::fprintf(stderr,
                 "dwell: a detached task ended with an error nobody awaits: %s (%s:%u, %s)\n", text,
                 where.file_name(), where.line(), where.function_name());
  };
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    text = e.what();
    print();
  } catch (...) {
    print();
  }
}

base::atomic<unobserved_error_hook> the_hook{&print_unobserved};

}  // namespace

unobserved_error_hook set_unobserved_error_hook(unobserved_error_hook hook) noexcept {
  // relaxed: the hook is a plain function; nothing is published with it.
  return the_hook.exchange(hook != nullptr ? hook : &print_unobserved, base::relaxed);
}

namespace scope {

void report_unobserved(const std::exception_ptr& error,
                       const std::source_location& where) noexcept {
  if (core::is_cancelled(error)) return;
  the_hook.load(base::relaxed)(error, where);  // relaxed: as in set_unobserved_error_hook()
}

void start_in_current(spawned& child) {
  core::run_context& context = core::require_context("spawn");
  child.start(*context.exec, *context.home);
}

void spawned::adopt(core::executor& exec, core::spawn_home& home) noexcept {
  exec_ = &exec;
  hang_below(home);
  core::frame_header& root = this->root();
  root.continuation = static_cast<core::join*>(this);
  root.root = &root;
}

void spawned::start(core::executor& exec, core::spawn_home& home) {
  inherited_ = core::running_bindings();
  adopt(exec, home);
  home.child_starts(exec);
  try {
    exec.start(root());
  } catch (...) {
    home.child_stays_away(exec);
    refuse();
    throw;
  }
}

core::frame_header& spawned::start_inline(core::executor& exec, core::spawn_home& home) noexcept {
  adopt(exec, home);
  root().started = true;
  return root();
}

void spawned::refuse() noexcept {
  root().skipped = true;
  keep_end();
  word_.store(has_ended, base::relaxed);  // relaxed: nobody else knows of this child
}

core::frame_header* spawned::chain_ended(core::frame_header& root) noexcept {
  where_ = root.where;
  const bool skipped = root.skipped;
  const bool failed = root.failed;
  leave();
  keep_end();  // the root may be gone now
  auto& home = *static_cast<core::spawn_home*>(parent());
  const core::chain_end how = tell(home, skipped, failed);
  core::wait* const joiner = publish_end();  // this may be gone now
  core::frame_header* const next = home.child_ended(how);
  if (joiner == nullptr) return next;
  if (next == nullptr) return &joiner->leaf();
  core::current_context->exec->submit(*joiner);
  return next;
}

core::chain_end spawned::tell(core::spawn_home& home, bool skipped, bool failed) noexcept {
  using core::chain_end;
  std::exception_ptr error;
  if (failed) [[unlikely]]
    error = this->error();
  const bool stopped = skipped || core::is_cancelled(error);
  if (stopped) error = nullptr;
  const chain_end how = stopped            ? chain_end::stopped
                        : error != nullptr ? chain_end::failed
                                           : chain_end::returned;
  observed_ = home.child_ends(*this, how, error);
  return how;
}

// Wakes all who wait, or frees the block if the handle has gone. Returns the wait that the calling
// worker may go on with.
core::wait* spawned::publish_end() noexcept {
  // acq_rel: publishes the result to the joiner; takes the waiter, or the handle's last writes.
  const std::uintptr_t before = word_.exchange(has_ended, base::acq_rel);
  if (before == pending) return nullptr;
  if (before == dropped) {
    report_unobserved();
    free();
    return nullptr;
  }
  // The waits are certain to be ended now, so they stay where they are until we do it; the handle
  // that they wait on may go as soon as the first of them runs.
  join_wait* more = (before & more_bit) != 0 ? take_more() : nullptr;
  auto* const first = reinterpret_cast<join_wait*>(before & ~more_bit);
  while (more != nullptr) {
    join_wait& w = *std::exchange(more, more->next_);
    if (core::wait* const claimed = w.end()) core::current_context->exec->submit(*claimed);
  }
  return first != nullptr ? first->end() : nullptr;
}

bool spawned::call_off() noexcept {
  // relaxed: a count of callers; what a chain sees of it is ordered in cancel().
  const bool first = !called_off_.exchange(true, base::relaxed);
  if (!first || ended()) return false;
  cancel(*exec_);
  return true;
}

bool spawned::add_waiter(join_wait& w) noexcept {
  if (add_first(w)) return true;
  const os::lock_guard guard(more_lock_);
  for (;;) {
    // acquire: pairs with the release in publish_end(); the caller reads the result.
    std::uintptr_t seen = word_.load(base::acquire);
    if (seen == has_ended) return false;
    // relaxed: the lock publishes `w`; a read-modify-write keeps what add_first() published.
    if (word_.compare_exchange_weak(seen, seen | more_bit, base::relaxed, base::relaxed)) break;
  }
  w.next_ = more_;
  more_ = &w;
  return true;
}

bool spawned::add_first(join_wait& w) noexcept {
  std::uintptr_t expected = pending;
  // release: publishes the wait. relaxed on failure: add_waiter() looks again.
  return word_.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&w),
                                       base::release, base::relaxed);
}

join_wait* spawned::take_more() noexcept {
  const os::lock_guard guard(more_lock_);
  return std::exchange(more_, nullptr);
}

bool spawned::remove_waiter(join_wait& w) noexcept {
  const os::lock_guard guard(more_lock_);
  for (join_wait** at = &more_; *at != nullptr; at = &(*at)->next_) {
    if (*at != &w) continue;
    if (!leave_word(more_ == &w && w.next_ == nullptr)) return false;
    *at = w.next_;
    return true;
  }
  std::uintptr_t seen = word_.load(base::relaxed);  // relaxed: a guess
  // relaxed: nothing is handed over; the wait stays the sleeper's.
  while ((seen & ~more_bit) == reinterpret_cast<std::uintptr_t>(&w))
    if (word_.compare_exchange_weak(seen, seen & more_bit, base::relaxed, base::relaxed))
      return true;
  return false;
}

// A wait leaves the list only while the chain has not ended: afterwards the list is the ender's,
// who still has to come for it. The last one takes the bit along.
bool spawned::leave_word(bool last) noexcept {
  std::uintptr_t seen = word_.load(base::relaxed);  // relaxed: a guess
  do {
    if (seen == has_ended) return false;
    // relaxed: nothing is handed over.
  } while (!word_.compare_exchange_weak(seen, last ? seen & ~more_bit : seen, base::relaxed,
                                        base::relaxed));
  return true;
}

void spawned::drop(bool observed) noexcept {
  // After a join the chain has ended: a look saves the exchange. acquire, twice: the child's
  // writes, before the handle frees what they share. release: the handle's, before the child does.
  std::uintptr_t seen = word_.load(base::acquire);
  if (seen == pending && word_.compare_exchange_strong(seen, dropped, base::release, base::acquire))
    return;
  DWELL_ASSERT(seen == has_ended, "a handle is not dropped while it is being joined");
  if (!observed) report_unobserved();
  free();
}

void spawned::report_unobserved() const noexcept {
  if (observed_) return;
  if (const std::exception_ptr error = this->error()) scope::report_unobserved(error, where_);
}

const core::wait_kind join_wait::kind{"join_handle", &join_wait::call_off};

core::wait* join_wait::end() noexcept {
  if (home_ == nullptr) {
    static_cast<thread_wait*>(this)->ring();
    return nullptr;
  }
  core::executor& home = *home_;
  core::wait* const claimed = root().sleep.wake();
  if (claimed == nullptr || &home == core::current_context->exec) return claimed;
  home.submit(*claimed);
  return nullptr;
}

void thread_wait::ring() noexcept {
  ended_.store(1, base::release);  // release: pairs with the acquire in block()
  // The joining thread may have gone on: then this wakes nobody, or somebody who looks again.
  os::futex_wake(ended_, 1);
}

void thread_wait::block() noexcept {
  while (ended_.load(base::acquire) == 0) os::futex_wait(ended_, 0);
}

void block_until_ended(spawned& child) {
  core::refuse_on_worker(
      "join_handle::join",
      "called in a coroutine, whose worker it would block; write co_await handle");
  thread_wait w(child);
  if (child.add_waiter(w)) w.block();
}

bool join_wait::sleep(std::coroutine_handle<> self) noexcept {
  home_ = core::current_context->exec;
  if (!child_.runs_in(*home_)) outside_.emplace();
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  if (!child_.add_waiter(*this)) {
    core::abandon_wait(*this);
    return core::give_way(*this);
  }
  return core::end_wait(*this);
}

bool join_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<join_wait&>(self);
  return w.child_.remove_waiter(w);
}

}  // namespace scope

}  // namespace dwell::inline v0
