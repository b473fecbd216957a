#include <dwell/task/context.hpp>
#include <dwell/task/would_block_worker.hpp>

namespace dwell::inline v0 {

would_block_worker::would_block_worker(const std::string& who, const std::string& remedy)
    : std::logic_error(who + ": " + remedy) {}
would_block_worker::~would_block_worker() = default;

void core::refuse_on_worker(const char* who, const char* remedy) {
  if (current_context != nullptr) [[unlikely]]
    throw would_block_worker(who, remedy);
}

}  // namespace dwell::inline v0
