// Whether this machine speaks IPv6 with itself: some containers do not.
#pragma once

#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/socket.hpp>

namespace dwell_test {

inline dwell::os::endpoint ipv6_loopback() { return *dwell::os::endpoint::parse("[::1]:0"); }

inline bool has_ipv6() {
  const dwell::os::io_result made =
      dwell::os::open_socket(dwell::os::endpoint::kind::ipv6, dwell::os::socket_kind::datagram);
  if (!made.ok()) return false;
  const dwell::os::file_descriptor fd(static_cast<int>(made.value));
  return dwell::os::bind_socket(fd.get(), ipv6_loopback()).ok();
}

}  // namespace dwell_test
