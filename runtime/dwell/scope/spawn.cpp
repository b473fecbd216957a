#include <cstdio>

#include <dwell/scope/spawn.hpp>
#include <dwell/task/context.hpp>

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

void start_in_current(spawned& child) {
  core::run_context& context = core::require_context("spawn");
  child.start(*context.exec, *context.home);
}

void spawned::start(core::executor& exec, core::background& home) {
  hang_below(home);
  root_.continuation = static_cast<core::join*>(this);
  root_.root = &root_;
  core::run_context* const context = core::current_context;
  const bool inside = context != nullptr && context->exec == &exec;
  inside ? context->spawned.add(+1) : home.count_outside(+1);
  try {
    exec.start(root_);
  } catch (...) {
    inside ? context->spawned.add(-1) : home.count_outside(-1);
    root_.skipped = true;
    // relaxed: nobody else knows of this child.
    word_.store(ended_, base::relaxed);
    throw;
  }
}

core::frame_header* spawned::chain_ended(core::frame_header&) noexcept {
  leave();
  core::run_context& context = *core::current_context;
  context.spawned.add(-1);
  // acq_rel: publishes the result to the joiner; takes the waiter, or the handle's last writes.
  const std::uintptr_t before = word_.exchange(ended_, base::acq_rel);
  if (before == pending) return nullptr;
  if (before == dropped) {
    report_unobserved();
    free_(*this);
    return nullptr;
  }
  // The waiter is certain to be woken now, so it stays where it is until we do it.
  auto& waiter = *reinterpret_cast<join_wait*>(before);
  core::executor& home = waiter.home();
  core::wait* const claimed = waiter.root().sleep.wake();
  if (claimed == nullptr) return nullptr;
  if (&home == context.exec) return &claimed->leaf();
  home.submit(*claimed);
  return nullptr;
}

bool spawned::add_waiter(join_wait& w) noexcept {
  std::uintptr_t expected = pending;
  // release: publishes the wait. acquire on failure: the result.
  if (word_.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&w), base::release,
                                    base::acquire))
    return true;
  if (expected != ended_) base::panic("join_handle: a second task joins; a handle is joined once");
  return false;
}

bool spawned::remove_waiter(join_wait& w) noexcept {
  auto expected = reinterpret_cast<std::uintptr_t>(&w);
  // relaxed: nothing is handed over; the wait stays the sleeper's.
  return word_.compare_exchange_strong(expected, pending, base::relaxed, base::relaxed);
}

void spawned::drop(bool observed) noexcept {
  std::uintptr_t expected = pending;
  // release: the handle's writes before the child frees what they share. acquire on failure: the
  // child's, before the handle frees it.
  if (word_.compare_exchange_strong(expected, dropped, base::release, base::acquire)) return;
  DWELL_ASSERT(expected == ended_, "a handle is not dropped while it is being joined");
  if (!observed) report_unobserved();
  free_(*this);
}

void spawned::report_unobserved() const noexcept {
  const std::exception_ptr error = error_(*this);
  if (error == nullptr || core::is_cancelled(error)) return;
  the_hook.load(base::relaxed)(error, root_.where);  // relaxed: as in set_unobserved_error_hook()
}

const core::wait_kind join_wait::kind{"join_handle", &join_wait::call_off};

bool join_wait::await_suspend(std::coroutine_handle<> self) noexcept {
  home_ = core::current_context->exec;
  if (!core::begin_wait(*this, self)) return false;
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
