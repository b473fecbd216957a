// The one place where a programmer's mistake ends: a sentence, the remedy in it, and abort.
#pragma once

#include <string_view>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::base {

/// Prints "dwell: <who>: <message>" to stderr and aborts; `who` may be empty. For programmer errors
/// and broken invariants only: operating errors are values or exceptions.
[[noreturn]] DWELL_API void panic(std::string_view who, std::string_view message) noexcept;

/// The end of a DWELL_ASSERT: our own mistake, so it says where.
[[noreturn]] DWELL_API void broken_invariant(std::string_view sentence, const char* file,
                                             int line) noexcept;

}  // namespace dwell::inline v0::base

/// An invariant, kept on in release builds. The sentence says what is true when it holds.
#define DWELL_ASSERT(condition, sentence)            \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::dwell::base::broken_invariant(sentence " [" #condition "]", __FILE__, __LINE__))
