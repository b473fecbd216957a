#include <unistd.h>

#include <dwell/os/file_descriptor.hpp>

namespace dwell::inline v0::os {

// Not again after EINTR: Linux has closed it by then, and the number may be somebody else's.
void file_descriptor::reset() noexcept {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace dwell::inline v0::os
