#include <dwell/task/context.hpp>

namespace dwell::inline v0::core {

constinit thread_local run_context* current_context = nullptr;

}  // namespace dwell::inline v0::core
