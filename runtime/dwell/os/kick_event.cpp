#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/kick_event.hpp>

namespace dwell::inline v0::os {

kick_event::kick_event() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_) throw std::system_error(errno, std::generic_category(), "dwell: eventfd");
}

void kick_event::kick() const noexcept {
  const std::uint64_t one = 1;
  const auto wrote = write(event_.get(), &one, sizeof one);
  DWELL_ASSERT(wrote == sizeof one, "an eventfd takes a kick");
}

void kick_event::take() const noexcept {
  std::uint64_t kicks = 0;
  const auto got = read(event_.get(), &kicks, sizeof kicks);
  DWELL_ASSERT(got == sizeof kicks, "an eventfd that is readable holds a kick");
}

}  // namespace dwell::inline v0::os
