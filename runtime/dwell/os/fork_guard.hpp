// What becomes of a runtime in the child of a fork: nothing.
//
// fork() copies the memory and one thread. The workers are not there, a lock that one of them held
// stays held, and the epoll set or ring and the alarm's timer are shared with the parent: a child
// that waited there would steal the parent's events, one that closed a socket would take the
// parent's out, and one that slept would move the parent's alarm. So a child that was forked while
// a runtime lived may call exec or _exit, and nothing of ours. It is told so, where it would
// otherwise hang or do harm.
//
// Rejected: to make the runtime anew in the child. What its tasks hold cannot be made anew, and
// POSIX allows such a child async-signal-safe calls only.
#pragma once

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// While one lives, children of fork() may not use any runtime. Any thread.
class DWELL_API fork_guard {
 public:
  fork_guard() noexcept;
  ~fork_guard();
  fork_guard(const fork_guard&) = delete;
  fork_guard& operator=(const fork_guard&) = delete;

  /// Stops the program in such a child.
  static void check(const char* who) noexcept {
    // relaxed: set before the child's only thread goes on.
    if (in_child.load(base::relaxed)) [[unlikely]]
      refuse(who);
  }

 private:
  static base::atomic<bool> in_child;
  [[noreturn]] static void refuse(const char* who) noexcept;
};

}  // namespace dwell::inline v0::os
