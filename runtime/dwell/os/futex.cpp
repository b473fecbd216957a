#include <cerrno>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dwell/os/fork_guard.hpp>
#include <dwell/os/futex.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

namespace {

static_assert(sizeof(base::atomic<std::uint32_t>) == sizeof(std::uint32_t),
              "the kernel waits on the bytes of the atomic itself");

// FUTEX_WAIT_BITSET takes its limit as an absolute CLOCK_MONOTONIC time; plain FUTEX_WAIT does not.
long wait_bitset(base::atomic<std::uint32_t>& word, std::uint32_t expected,
                 const timespec* deadline) noexcept {
  fork_guard::check("a runtime");  // whoever would wake this thread is not there
  return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

void futex_wait(base::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
  wait_bitset(word, expected, nullptr);
}

bool futex_wait_until(base::atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::int64_t deadline_ns) noexcept {
  const timespec deadline = timespec_of(deadline_ns);
  return wait_bitset(word, expected, &deadline) == 0 || errno != ETIMEDOUT;
}

void futex_wake(base::atomic<std::uint32_t>& word, int count) noexcept {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

}  // namespace dwell::inline v0::os
