#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/asymmetric_fence.hpp>

namespace dwell::inline v0::os {

base::atomic<bool> asymmetric_fences{false};

void enable_asymmetric_fences(bool allow) noexcept {
  // Registration is per process and lasts.
  static const bool registered =
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  asymmetric_fences.store(allow && registered, base::relaxed);  // relaxed: see the header
}

void heavy_fence() noexcept {
#ifdef DWELL_TSAN
  base::fence(base::seq_cst);
#else
  if (!asymmetric_fences.load(base::relaxed)) {
    base::fence(base::seq_cst);
    return;
  }
  const long failed = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  DWELL_ASSERT(failed == 0, "membarrier works once it is registered");
#endif
}

}  // namespace dwell::inline v0::os
