// What production headers declare and the models provide: the ends of a broken invariant and of a
// thread's patience, handed to the explorer. Linked instead of base/panic.cpp and os/thread.cpp.
#include <string>

#include <dwell/base/panic.hpp>

#include "../explorer/execution.hpp"

namespace dwell::inline v0 {

namespace base {

[[noreturn]] void panic(std::string_view message, std::source_location where) noexcept {
  model::now().fail("%s (%s:%u)", std::string(message).c_str(), where.file_name(), where.line());
}

}  // namespace base

namespace os {

void yield_thread() noexcept;
void yield_thread() noexcept { model::now().yield(std::source_location::current()); }

}  // namespace os

}  // namespace dwell::inline v0
