// The one place where a programmer's mistake ends: a sentence, the remedy in it, and abort.
#pragma once

#include <source_location>
#include <string_view>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::base {

/// Prints "dwell: <message> (file:line)" to stderr and aborts. For programmer errors and broken
/// invariants only: operating errors are values or exceptions.
[[noreturn]] DWELL_API void panic(
    std::string_view message,
    std::source_location where = std::source_location::current()) noexcept;

}  // namespace dwell::inline v0::base

/// An invariant, kept on in release builds. The sentence says what is true when it holds.
#define DWELL_ASSERT(condition, sentence)                                   \
  (__builtin_expect(static_cast<bool>(condition), 1)                        \
       ? static_cast<void>(0)                                               \
       : ::dwell::base::panic("invariant broken: " sentence " [" #condition \
                              "]; please report it"))
