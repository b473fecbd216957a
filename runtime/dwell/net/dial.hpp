// Connecting: from an endpoint to a connected descriptor.
#pragma once

#include <dwell/net/descriptor.hpp>
#include <dwell/net/endpoint.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::net {

/// A new socket for such an endpoint, not registered yet. Throws net::error.
[[nodiscard]] os::file_descriptor open_socket_for(const endpoint& to, os::socket_kind kind);

/// Connects. Cancelled: the attempt is dropped. Throws net::error.
[[nodiscard]] task<descriptor> dial(endpoint to);

}  // namespace dwell::inline v0::net
