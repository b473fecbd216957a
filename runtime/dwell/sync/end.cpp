#include <dwell/sync/end.hpp>

namespace dwell::inline v0 {

channel_closed::channel_closed()
    : std::runtime_error("closed: the other side has gone, or close() was called") {}
channel_closed::~channel_closed() = default;

}  // namespace dwell::inline v0
