#include <cstdio>
#include <cstdlib>

#include <dwell/base/panic.hpp>

namespace dwell::inline v0::base {

void panic(std::string_view message, std::source_location where) noexcept {
  std::fprintf(stderr, "dwell: %.*s (%s:%u)\n", static_cast<int>(message.size()), message.data(),
               where.file_name(), where.line());
  std::fflush(stderr);
  std::abort();
}

}  // namespace dwell::inline v0::base
