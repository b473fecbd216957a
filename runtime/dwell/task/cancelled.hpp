// What a cancelled await throws.
#pragma once

#include <exception>

#include <dwell/base/export.hpp>

namespace dwell::inline v0 {

/// Thrown by an await whose scope was cancelled, and by every later cancellable await in that
/// scope.
///
/// Deliberately not a std::exception: `catch (const std::exception&)` around a call that may fail
/// must not swallow a cancellation. Catch it only to clean up, and rethrow it.
struct DWELL_API cancelled {
  /// "cancelled"
  [[nodiscard]] const char* what() const noexcept { return "cancelled"; }
};

namespace core {

/// Throws dwell::cancelled.
[[noreturn]] DWELL_API void throw_cancelled();

/// The one exception_ptr that stands for every cancellation.
DWELL_API const std::exception_ptr& cancelled_error() noexcept;

/// Whether `error` is a cancellation rather than a failure, or null.
DWELL_API bool is_cancelled(const std::exception_ptr& error) noexcept;

}  // namespace core

}  // namespace dwell::inline v0
