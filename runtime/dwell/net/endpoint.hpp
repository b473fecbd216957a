// net::endpoint: where a socket can be reached. The layer os, which speaks to the system, owns it.
#pragma once

#include <dwell/os/endpoint.hpp>

namespace dwell::inline v0::net {

using os::endpoint;

}  // namespace dwell::inline v0::net
