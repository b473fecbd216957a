#include <dwell/net/resolve_error.hpp>

namespace dwell::inline v0::net {

resolve_error::resolve_error(std::string_view host, resolve_failure reason, std::string_view detail)
    : std::runtime_error("resolve " + std::string(host) + ": " + std::string(detail)),
      reason_(reason) {}
resolve_error::~resolve_error() = default;

bool resolve_error::temporary() const noexcept {
  return reason_ == resolve_failure::timed_out || reason_ == resolve_failure::server_failure ||
         reason_ == resolve_failure::local_failure;
}

}  // namespace dwell::inline v0::net
