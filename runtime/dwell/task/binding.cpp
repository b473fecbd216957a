#include <dwell/task/binding.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/join.hpp>

namespace dwell::inline v0::core {

base::atomic<std::int64_t> binding::alive_{0};
constinit thread_local const binding* function_bindings = nullptr;

bindings running_bindings() noexcept {
  if (!binding::any()) return nullptr;
  const run_context* const context = current_context;
  if (context == nullptr || context->chain == nullptr) return nullptr;
  return context->chain->joined().visible_bindings();
}

}  // namespace dwell::inline v0::core
