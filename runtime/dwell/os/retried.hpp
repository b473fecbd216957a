// What all calls of this layer do when a signal interrupts them.
#pragma once

#include <cerrno>

#include <dwell/os/socket.hpp>

namespace dwell::inline v0::os {

/// `call` until no signal interrupts it.
template <class Call>
io_result retried(Call call) noexcept {
  for (;;) {
    const auto got = call();
    if (got >= 0) return {.value = got};
    if (errno != EINTR) return {.error = errno};
  }
}

}  // namespace dwell::inline v0::os
