#include <algorithm>
#include <new>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/scope/exception_group.hpp>
#include <dwell/scope/group_home.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0::scope {

using core::chain_end;

bool group_home::open(core::frame_header& waiting) noexcept {
  core::join& outer = waiting.root->joined();
  // Any worker may end the group and go on with the chain that waits for it.
  core::detach_chain(*waiting.root);
  hang_below(outer);
  exec_ = core::current_context->exec;
  waiting_ = &waiting;
  if (outer.skips_new_chains()) return false;
  alive_.store(1, base::relaxed);  // relaxed: the tasks learn of the group through their start
  return true;
}

core::frame_header* group_home::body_failed(const std::exception_ptr& error) noexcept {
  const bool stopped = core::is_cancelled(error);
  if (stopped) {
    cut_short_.store(true, base::relaxed);  // relaxed: read after the end, which the count orders
    cancel(*exec_);
  } else if (!keep(error)) {
    report_unobserved(error, waiting_->where);
  }
  return child_ended(stopped ? chain_end::stopped : chain_end::failed);
}

void group_home::spawn(spawned& child) {
  check_open("task_group::spawn");
  if (cancelled())
    child.refuse();
  else
    child.start(*exec_, *this);
}

void group_home::call_off(std::string&& reason) noexcept {
  check_open("task_group::cancel");
  {
    const os::lock_guard guard(lock_);
    if (!called_off_) reason_ = std::move(reason);
    called_off_ = true;
  }
  cancel(*exec_);
}

bool group_home::called_off() const noexcept {
  const os::lock_guard guard(lock_);
  return called_off_;
}

std::string group_home::reason() const {
  const os::lock_guard guard(lock_);
  if (!called_off_) return {};
  return reason_.empty() ? "cancelled" : reason_;
}

void group_home::check_open(const char* who) const noexcept {
  // relaxed: the caller is one of those counted, so it sees at least itself.
  if (alive_.load(base::relaxed) == 0)
    base::panic(who, "the group has ended; only its body and its children may use it");
}

// ---- The life of a child ----

void group_home::child_starts(core::executor&) noexcept {
  // relaxed: the child's end is ordered after this by its start, the spawner's by the program.
  alive_.fetch_add(1, base::relaxed);
}

void group_home::child_stays_away(core::executor&) noexcept {
  alive_.fetch_sub(1, base::relaxed);  // relaxed: never the last, the spawner is still counted
}

bool group_home::child_ends(const core::join& child, chain_end how,
                            const std::exception_ptr& error) noexcept {
  if (how == chain_end::stopped) cut_short_.store(true, base::relaxed);  // relaxed: as above
  // relaxed: the body finds what was stored before it began, and nobody else finds itself there.
  if (how == chain_end::stopped && &child == body_.load(base::relaxed)) cancel(*exec_);
  return how == chain_end::failed && keep(error);
}

core::frame_header* group_home::child_ended(chain_end how) noexcept {
  if (how == chain_end::failed) cancel(*exec_);
  // acq_rel: publishes what this task did to whoever ends the group, and collects the others'.
  if (alive_.fetch_sub(1, base::acq_rel) != 1) return nullptr;
  leave();
  return waiting_;
}

// ---- Errors ----

// False: there is no memory for it. The unobserved-error hook gets it then.
bool group_home::keep(const std::exception_ptr& error) noexcept {
  const os::lock_guard guard(lock_);
  if (known(error)) return true;
  if (first_error_ == nullptr) {
    first_error_ = error;
    return true;
  }
  try {
    more_errors_.push_back(error);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Who joins a failed child inside the group fails with its error: one error, named once. Such a
// join ends before the group is cancelled, so only as many errors as there are workers can come
// back this way: looking through the first ones is enough, and cheap when thousands fail.
bool group_home::known(const std::exception_ptr& error) const noexcept {
  constexpr std::size_t looked_through = 64;
  if (error == first_error_) return true;
  const auto count = std::min(more_errors_.size(), looked_through);
  const auto begin = more_errors_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(count);
  return std::find(begin, end, error) != end;
}

void group_home::throw_errors() {
  if (first_error_ == nullptr) return;
  more_errors_.insert(more_errors_.begin(), first_error_);
  throw exception_group("in a task group", std::move(more_errors_));
}

}  // namespace dwell::inline v0::scope
