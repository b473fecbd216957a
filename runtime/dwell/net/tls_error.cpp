#include <dwell/net/tls_error.hpp>

namespace dwell::inline v0::net {

tls_error::tls_error(tls_cause cause, const std::string& what)
    : std::runtime_error(what), cause_(cause) {}
tls_error::~tls_error() = default;

tls_context_error::tls_context_error(const std::string& what) : std::runtime_error(what) {}
tls_context_error::~tls_context_error() = default;

}  // namespace dwell::inline v0::net
