// What a request may take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dwell::inline v0::http {

/// More is refused, with the status that is named. What one connection takes of memory is bounded
/// by these and by what the handler keeps.
struct request_limits {
  /// Bytes of the request line, 414.
  std::size_t request_line = std::size_t{8} * 1024;
  /// Fields, 431; those behind a chunked body likewise.
  std::size_t header_count = 100;
  /// Bytes of all fields, 431; those behind a chunked body, and the extensions of its chunks,
  /// likewise.
  std::size_t header_bytes = std::size_t{32} * 1024;
  /// Bytes of a body, 413.
  std::uint64_t body = std::uint64_t{16} * 1024 * 1024;
};

}  // namespace dwell::inline v0::http
