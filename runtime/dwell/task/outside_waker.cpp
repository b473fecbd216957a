#include <dwell/task/outside_waker.hpp>

namespace dwell::inline v0::core {

base::atomic<std::int64_t> outside_waker::alive{0};

}  // namespace dwell::inline v0::core
