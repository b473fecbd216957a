#include <dwell/scope/cancel_scope.hpp>

namespace dwell::inline v0 {

namespace {

std::int64_t to_ns(cancel_scope::time_point when) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
}

}  // namespace

cancel_scope::cancel_scope(const cancel_scope_options& options) noexcept
    : join_("with_cancel_scope", to_ns(options.deadline),
            options.shield ? scope::shielding::shielded : scope::shielding::open) {}

void cancel_scope::cancel(std::string reason) noexcept {
  const scope::scope_join::hold stays(join_);
  {
    const os::lock_guard guard(lock_);
    if (!std::exchange(asked_, true)) text_ = std::move(reason);
  }
  join_.cancel(join_.executor(), core::cancel_reason::requested);
}

bool cancel_scope::cancel_called() const noexcept {
  const core::cancel_reason why = join_.reason();
  return why != core::cancel_reason::none && why != core::cancel_reason::outer;
}

std::string cancel_scope::reason() const {
  if (!cancel_called()) return {};
  if (join_.reason() == core::cancel_reason::deadline) return "deadline";
  const os::lock_guard guard(lock_);
  return text_.empty() ? "cancelled" : text_;
}

cancel_scope::time_point cancel_scope::deadline() const noexcept {
  return time_point(std::chrono::nanoseconds(join_.deadline_ns()));
}

void cancel_scope::set_deadline(time_point when) {
  join_.set_deadline("cancel_scope::set_deadline", to_ns(when));
}

}  // namespace dwell::inline v0
