// What with_local() binds (scope/task_local.hpp), as the layers below it keep it: a list of values,
// innermost first, that is shared by all who inherited it and never changes.
//
// A chain finds the list at the nearest node above it that holds one: the scope of a with_local(),
// or the spawned task that it belongs to, which took the list along from where it was spawned. So a
// chain that nobody bound anything for carries nothing, and a spawn asks only while something is
// bound anywhere in the process. A function that blocking() or compute() runs is no chain: its
// thread knows the list while it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>

namespace dwell::inline v0::core {

class binding;
/// The list of what is bound, or null.
using bindings = std::shared_ptr<const binding>;

/// One value and the list around it. The value lies in the derived class.
class DWELL_API binding {
 public:
  binding(const void* key, const void* value, bindings outer) noexcept
      : key_(key), value_(value), outer_(std::move(outer)) {
    alive_.fetch_add(1, base::relaxed);  // relaxed: who could see it was handed it
  }
  virtual ~binding() { alive_.fetch_sub(1, base::relaxed); }  // relaxed: as above
  binding(const binding&) = delete;
  binding& operator=(const binding&) = delete;

  /// The innermost value under `key` in the list that begins here, or null. Linear in the list.
  [[nodiscard]] const void* find(const void* key) const noexcept {
    const binding* b = this;
    while (b != nullptr && b->key_ != key) b = b->outer_.get();
    return b != nullptr ? b->value_ : nullptr;
  }

  /// Whether anything is bound anywhere.
  [[nodiscard]] static bool any() noexcept { return alive_.load(base::relaxed) > 0; }  // a hint

 private:
  const void* const key_;
  const void* const value_;
  const bindings outer_;
  static base::atomic<std::int64_t> alive_;
};

/// What is bound for the chain that runs on this thread: for those it spawns. Null on a thread that
/// is no worker.
[[nodiscard]] DWELL_API bindings running_bindings() noexcept;

/// What is bound for the function of blocking() or compute() that runs on this thread, or null.
extern DWELL_API constinit thread_local const binding* function_bindings;

/// For the time that such a function runs.
class function_scope {
 public:
  explicit function_scope(const bindings& bound) noexcept
      : before_(std::exchange(function_bindings, bound.get())) {}
  ~function_scope() { function_bindings = before_; }
  function_scope(const function_scope&) = delete;
  function_scope& operator=(const function_scope&) = delete;

 private:
  const binding* const before_;
};

}  // namespace dwell::inline v0::core
