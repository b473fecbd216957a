#include <dwell/base/panic.hpp>
#include <dwell/scope/task_status.hpp>

namespace dwell::inline v0 {

never_started::never_started()
    : std::runtime_error("task_group::start: the task ended without calling started()") {}
never_started::~never_started() = default;

namespace scope {

// Returns the state before.
start_word::state start_word::claim(state next) noexcept {
  const os::lock_guard guard(lock_);
  const state before = state_;
  if (before == state::waiting) state_ = next;
  return before;
}

void start_word::ready() {
  switch (claim(state::ready)) {
    case state::waiting:
      return spoken_.finish();
    case state::abandoned:
      core::throw_cancelled();
    case state::ready:
      base::panic("task_status::started", "called before; a task gets ready once");
  }
}

bool start_word::fail(std::exception_ptr error) noexcept {
  {
    const os::lock_guard guard(lock_);
    if (state_ != state::waiting) return false;
    state_ = state::ready;
    error_ = std::move(error);
  }
  spoken_.finish();
  return true;
}

bool start_word::abandon() noexcept {
  const os::lock_guard guard(lock_);
  if (state_ != state::waiting) return false;
  state_ = state::abandoned;
  child_->call_off();
  return true;
}

}  // namespace scope

}  // namespace dwell::inline v0
