// Connecting to a host by its name.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <dwell/base/export.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/net/tcp.hpp>

namespace dwell::inline v0::net {

struct connect_options {
  /// How long an address is tried alone before the next one is tried beside it (RFC 8305 proposes
  /// 250 ms, and no less than 100).
  std::chrono::nanoseconds attempt_delay = std::chrono::milliseconds(250);
};

/// Connects to whichever address of `host` answers first. The resolver must outlive the call.
///
/// Cancelled: every attempt is dropped. It has no limit of its own; put it into timeout(). Throws
/// resolve_error, and net::error when no address could be connected to: its text names each of
/// them, its code is that of the one that failed first.
[[nodiscard]] DWELL_API task<tcp_stream> connect(resolver& names, std::string host,
                                                 std::uint16_t port, connect_options options = {});

}  // namespace dwell::inline v0::net
