// copy and copy_bidirectional: from one stream to another, as a proxy does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <dwell/net/stream.hpp>
#include <dwell/scope/gather.hpp>

namespace dwell::inline v0::net {

/// What copy() reads at once.
inline constexpr std::size_t copy_buffer_size = 16 * std::size_t{1024};

/// Writes to `to` what `from` gives, until it ends: gives how many bytes that were. Does not shut
/// `to` down. Both must outlive the task.
///
/// Throws what the streams throw, and std::bad_alloc; then, and when it is cancelled, up to
/// copy_buffer_size bytes may have been read and not written.
template <byte_source From, byte_sink To>
task<std::uint64_t> copy(From& from, To& to) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(copy_buffer_size);
  std::uint64_t copied = 0;
  for (;;) {
    const std::size_t got = co_await from.read_some(bytes(buffer.get(), copy_buffer_size));
    if (got == 0) co_return copied;
    co_await write_all(to, const_bytes(buffer.get(), got));
    copied += got;
  }
}

/// What copy_bidirectional() copied, in bytes.
struct copied_both {
  std::uint64_t a_to_b = 0;
  std::uint64_t b_to_a = 0;
};

/// copy(), and then shuts `to` down: passes the end of the stream on.
template <byte_source From, byte_sink To>
task<std::uint64_t> copy_and_shut_down(From& from, To& to) {
  const std::uint64_t copied = co_await copy(from, to);
  co_await to.shutdown_write();
  co_return copied;
}

/// Copies both ways at once, until both have ended; each end is passed on when it comes, and the
/// other way goes on. When one way fails the other is cancelled, and the error is thrown; otherwise
/// as copy().
template <byte_stream A, byte_stream B>
task<copied_both> copy_bidirectional(A& a, B& b) {
  auto both = gather(copy_and_shut_down(a, b), copy_and_shut_down(b, a));
  const auto copied = co_await std::move(both);
  co_return copied_both{.a_to_b = std::get<0>(copied), .b_to_a = std::get<1>(copied)};
}

}  // namespace dwell::inline v0::net
