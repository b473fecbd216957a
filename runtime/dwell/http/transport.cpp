#include <dwell/http/transport.hpp>

namespace dwell::inline v0::http {

transport::~transport() = default;

}  // namespace dwell::inline v0::http
