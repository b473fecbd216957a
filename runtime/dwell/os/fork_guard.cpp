#include <cstdint>
#include <pthread.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/fork_guard.hpp>

namespace dwell::inline v0::os {

base::atomic<bool> fork_guard::in_child{false};

namespace {
base::atomic<std::int64_t> guards{0};
}  // namespace

fork_guard::fork_guard() noexcept {
  check("runtime");
  static const int heeds_forks = pthread_atfork(
      nullptr, nullptr, +[] {
        // relaxed, both: there is one thread.
        if (guards.load(base::relaxed) > 0) in_child.store(true, base::relaxed);
      });
  DWELL_ASSERT(heeds_forks == 0, "there is memory for one handler of forks");
  guards.fetch_add(1, base::relaxed);  // relaxed: a count
}

fork_guard::~fork_guard() { guards.fetch_sub(1, base::relaxed); }  // relaxed: a count

void fork_guard::refuse(const char* who) noexcept {
  base::panic(who,
              "used in the child of a fork: its threads stayed with the parent, and its epoll set "
              "is the parent's. Such a child may only call exec or _exit; start processes with "
              "with_process, or fork before the first runtime");
}

}  // namespace dwell::inline v0::os
