// What TLS, buffers, copy() and protocols are written against: a pair of byte pipes.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

#include <dwell/net/error.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::net {

using bytes = std::span<std::byte>;
using const_bytes = std::span<const std::byte>;

/// The bytes of a text, which must outlive their use.
[[nodiscard]] inline const_bytes bytes_of(std::string_view text) noexcept {
  return std::as_bytes(std::span(text));
}
/// Bytes seen as text, as long as they live.
[[nodiscard]] inline std::string_view text_of(const_bytes b) noexcept {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

/// read_some(to) waits until there is something to read, and gives how much was put into `to`: at
/// least one byte, or 0 at the end of the stream (or if `to` is empty).
///
/// It throws net::error, and dwell::cancelled when the scope is cancelled: then nothing was read.
/// One task at a time may read. The buffer must live until the operation has ended.
template <class S>
concept byte_source = requires(S& s, bytes to) {
  { s.read_some(to) } -> std::same_as<task<std::size_t>>;
};

/// - write_some(from) waits until something could be written, and gives how much, at least one byte
///   unless `from` is empty.
/// - shutdown_write() says that nothing more will be written. Again: nothing.
///
/// They throw net::error, and dwell::cancelled when the scope is cancelled: then nothing was
/// written. One task at a time may use them. The buffer must live until the operation has ended.
template <class S>
concept byte_sink = requires(S& s, const_bytes from) {
  { s.write_some(from) } -> std::same_as<task<std::size_t>>;
  { s.shutdown_write() } -> std::same_as<task<>>;
};

/// Both; one task may read and one may write, side by side, and reading goes on after
/// shutdown_write().
template <class S>
concept byte_stream = byte_source<S> && byte_sink<S>;

/// Whether a stream of this type proves who it leads to and lets nobody else read: TLS, and what
/// somebody specializes it for.
template <class S>
inline constexpr bool is_secure = false;

/// Writes all of `from`. When it throws, any part may have been written.
template <byte_sink S>
task<> write_all(S& to, const_bytes from) {
  while (!from.empty()) from = from.subspan(co_await to.write_some(from));
}

/// Fills all of `to`. Throws unexpected_end when the stream ends first; then, and on any other
/// exception, the bytes that came before are lost.
template <byte_source S>
task<> read_exactly(S& from, bytes to) {
  const std::size_t wanted = to.size();
  while (!to.empty()) {
    const std::size_t got = co_await from.read_some(to);
    if (got == 0)
      throw unexpected_end("the stream ended after " + std::to_string(wanted - to.size()) + " of " +
                           std::to_string(wanted) + " bytes");
    to = to.subspan(got);
  }
}

}  // namespace dwell::inline v0::net
