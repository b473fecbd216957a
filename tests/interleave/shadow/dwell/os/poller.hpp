// Stands in front of runtime/dwell/os/poller.hpp in the models: no deadline ever comes, so only a
// kick ends a wait, and a kick that is lost is a deadlock.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/os/futex.hpp>

namespace dwell::inline v0::os {

class poller {
 public:
  void wait_until(std::int64_t) noexcept {
    // acquire: a kick orders, as the kernel's locks do.
    while (kicked_.exchange(0, base::acquire) == 0) futex_wait(kicked_, 0);
  }

  void kick() noexcept {
    kicked_.exchange(1, base::release);
    futex_wake(kicked_, 1);
  }

 private:
  base::atomic<std::uint32_t> kicked_{0};
};

}  // namespace dwell::inline v0::os
