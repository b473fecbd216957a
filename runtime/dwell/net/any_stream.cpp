#include <dwell/net/any_stream.hpp>

namespace dwell::inline v0::net {

any_stream::~any_stream() = default;

}  // namespace dwell::inline v0::net
