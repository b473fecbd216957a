// What production headers declare and the models provide: the ends of a broken invariant and of a
// thread's patience, handed to the explorer. Linked instead of base/panic.cpp and os/thread.cpp.
#include <string>

#include <dwell/base/panic.hpp>

#include "../explorer/execution.hpp"

namespace dwell::inline v0 {

namespace base {

[[noreturn]] void panic(std::string_view who, std::string_view message) noexcept {
  model::now().fail("%s: %s", std::string(who).c_str(), std::string(message).c_str());
}

[[noreturn]] void broken_invariant(std::string_view sentence, const char* file, int line) noexcept {
  model::now().fail("%s (%s:%d)", std::string(sentence).c_str(), file, line);
}

}  // namespace base

namespace os {

void yield_thread() noexcept;
void yield_thread() noexcept { model::now().yield(std::source_location::current()); }

}  // namespace os

}  // namespace dwell::inline v0
