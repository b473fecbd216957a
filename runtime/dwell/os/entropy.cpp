#include <sys/random.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/entropy.hpp>
#include <dwell/os/stand_in.hpp>

namespace dwell::inline v0::os {

std::uint64_t entropy() noexcept {
  if (current_stand_in != nullptr) [[unlikely]]
    return current_stand_in->entropy();
  std::uint64_t bits = 0;
  // Requests of up to 256 bytes are never interrupted once the pool is initialised.
  const auto got = getrandom(&bits, sizeof bits, 0);
  DWELL_ASSERT(got == sizeof bits, "the kernel hands out eight random bytes");
  return bits;
}

}  // namespace dwell::inline v0::os
