// Writing to a client that may not read. Not installed.
#pragma once

#include <dwell/http/pace.hpp>
#include <dwell/net/any_stream.hpp>

namespace dwell::inline v0::http {

/// Remembers that a write was not completed: then nothing more may be written, because nobody knows
/// what the client has of it. One task at a time.
class paced_writer {
 public:
  /// How long a client may take.
  paced_writer(net::any_stream& to, const pace& allowed) noexcept : to_(to), pace_(allowed) {}

  /// Writes all of it. Throws what the stream throws, timed_out, and net::error ECONNABORTED after
  /// a write that failed or was cancelled.
  [[nodiscard]] task<> write(net::const_bytes from);

  /// Whether a write was not completed, or goes on.
  [[nodiscard]] bool is_broken() const noexcept { return broken_; }

 private:
  net::any_stream& to_;
  pace pace_;
  bool broken_ = false;
};

}  // namespace dwell::inline v0::http
