// Where threads run. A kernel that has more threads than idle processors likes to run a woken
// thread in place of its waker, one after the other: then they never race. A test that wants a race
// pins them apart.
#pragma once

#include <cstddef>
#include <sched.h>

namespace dwell_test {

/// The calling thread's processors, restored at the end.
class pinned {
 public:
  enum class place { first, all_but_first };

  explicit pinned(place where) { move_to(where, &before_); }
  ~pinned() { sched_setaffinity(0, sizeof before_, &before_); }
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;

  /// For a thread that stays there. With one processor it stays where it is.
  static void move_to(place where, cpu_set_t* before = nullptr) {
    cpu_set_t allowed;
    sched_getaffinity(0, sizeof allowed, &allowed);
    if (before != nullptr) *before = allowed;
    if (CPU_COUNT(&allowed) < 2) return;
    std::size_t first = 0;
    while (!CPU_ISSET(first, &allowed)) ++first;
    if (where == place::first) CPU_ZERO(&allowed);
    where == place::first ? CPU_SET(first, &allowed) : CPU_CLR(first, &allowed);
    sched_setaffinity(0, sizeof allowed, &allowed);
  }

 private:
  cpu_set_t before_;
};

}  // namespace dwell_test
