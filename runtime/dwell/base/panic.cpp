#include <cstdio>
#include <cstdlib>

#include <dwell/base/panic.hpp>

namespace dwell::inline v0::base {

namespace {

[[noreturn]] void die() noexcept {
  std::fflush(stderr);
  std::abort();
}

}  // namespace

void panic(std::string_view who, std::string_view message) noexcept {
  std::fprintf(stderr, "dwell: %.*s%s%.*s\n", static_cast<int>(who.size()), who.data(),
               who.empty() ? "" : ": ", static_cast<int>(message.size()), message.data());
  die();
}

void broken_invariant(std::string_view sentence, const char* file, int line) noexcept {
  std::fprintf(stderr, "dwell: invariant broken at %s:%d: %.*s; please report it\n", file, line,
               static_cast<int>(sentence.size()), sentence.data());
  die();
}

}  // namespace dwell::inline v0::base
