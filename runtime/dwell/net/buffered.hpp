// buffered_reader and buffered_writer: fewer and larger operations on the stream below.
//
// Over a byte_stream both are one themselves: the other direction passes through. Given an lvalue
// they borrow the stream, which must outlive them; given an rvalue they own it:
//
//   buffered_reader lines(stream);             // buffered_reader<tcp_stream&>
//   buffered_reader lines(std::move(stream));  // buffered_reader<tcp_stream>
//
// Invariant: a byte leaves the reader's buffer after the last await of the operation that gives it
// to the caller. So an operation that throws, cancelled or not, has lost nothing: what came
// meanwhile is in the buffer for the next one.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <dwell/net/byte_buffer.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

/// What a buffer holds unless told otherwise.
inline constexpr std::size_t default_buffer_size = 16 * std::size_t{1024};

/// Reads ahead. One task at a time may read, and one may write; it must stay where it is while an
/// operation goes on. All reads are cancellable and lose nothing, and a cancelled scope shows even
/// when all that is wanted is in the buffer. They throw what the stream below throws, and
/// std::bad_alloc.
template <byte_source S>
class buffered_reader {
 public:
  /// `capacity`: how much is read ahead. The buffer grows beyond it only for what must be in one
  /// piece (see read_until()), and shrinks again.
  explicit buffered_reader(S&& stream, std::size_t capacity = default_buffer_size)
      : stream_(std::forward<S>(stream)), buffer_(capacity) {}

  /// The stream below. What it gives has bypassed the buffer.
  [[nodiscard]] S& stream() noexcept { return stream_; }

  /// From the buffer if there is anything in it. Otherwise from the stream: into `to` directly if
  /// that is no smaller than the buffer.
  [[nodiscard]] task<std::size_t> read_some(bytes to);

  /// The bytes before the delimiter, which is taken from the stream and not given; empty when the
  /// stream ended before the first byte.
  ///
  /// Throws too_long when more than `limit` bytes stand before the delimiter, and unexpected_end
  /// when the stream ends within; both leave in the buffer what came. The buffer grows to what is
  /// wanted: at most twice (`limit` + delimiter) and its capacity. The delimiter must live until
  /// the operation has ended; an empty one stops the program. Linear in the bytes, but for an
  /// operation that was cancelled, whose bytes the next one looks at again.
  [[nodiscard]] task<std::optional<std::string>> read_until(std::string_view delimiter,
                                                            std::size_t limit);

  /// The same for a line: its text without the ending, "\n" or "\r\n", which does not count.
  [[nodiscard]] task<std::optional<std::string>> read_line(std::size_t limit);

  /// Fills all of `to`, or takes nothing: throws unexpected_end when the stream ends first. All of
  /// it is in the buffer before; for what is large, net::read_exactly() needs no second copy, but
  /// loses what came when it throws.
  [[nodiscard]] task<> read_exactly(bytes to);

  /// What is in the buffer: valid until the next read, fill() or consume().
  [[nodiscard]] const_bytes peek() const noexcept { return buffer_.peek(); }
  /// Waits until more is in the buffer; gives how much more, 0 at the end of the stream. The buffer
  /// grows.
  [[nodiscard]] task<std::size_t> fill();
  /// Takes `count` bytes off the buffer; more than peek() shows stop the program.
  void consume(std::size_t count) noexcept { buffer_.consume(count); }

  [[nodiscard]] task<std::size_t> write_some(const_bytes from) requires byte_sink<S> {
    return stream_.write_some(from);
  }
  [[nodiscard]] task<> shutdown_write() requires byte_sink<S> { return stream_.shutdown_write(); }

 private:
  template <class Search>
  task<std::optional<std::string>> read_to_end_of(const char* what, Search search);

  S stream_;
  byte_buffer buffer_;
};

template <class S>
buffered_reader(S&& stream) -> buffered_reader<S>;
template <class S>
buffered_reader(S&& stream, std::size_t capacity) -> buffered_reader<S>;

/// Collects small writes. One task at a time may write, flush and shut down, and one may read; it
/// must stay where it is while an operation goes on.
///
/// Destroyed with bytes that were not flushed it drops them: a destructor cannot wait. Who wants
/// them to arrive awaits flush() or shutdown_write() first. A failed write of the stream below
/// leaves them in the buffer too.
template <byte_sink S>
class buffered_writer {
 public:
  explicit buffered_writer(S&& stream, std::size_t capacity = default_buffer_size)
      : stream_(std::forward<S>(stream)), buffer_(capacity) {}

  [[nodiscard]] S& stream() noexcept { return stream_; }

  /// Into the buffer as much as fits, after a flush if it is full. What is no smaller than the
  /// buffer goes to the stream directly, after a flush. Cancelled, nothing of `from` was taken.
  [[nodiscard]] task<std::size_t> write_some(const_bytes from);

  /// Writes what is in the buffer. Cancelled, it has written a part, and the rest is still there:
  /// the next flush() goes on with it.
  [[nodiscard]] task<> flush();
  /// How much a flush() would write.
  [[nodiscard]] std::size_t unflushed() const noexcept { return buffer_.size(); }

  /// Flushes first.
  [[nodiscard]] task<> shutdown_write();

  [[nodiscard]] task<std::size_t> read_some(bytes to) requires byte_source<S> {
    return stream_.read_some(to);
  }

 private:
  S stream_;
  byte_buffer buffer_;
};

template <class S>
buffered_writer(S&& stream) -> buffered_writer<S>;
template <class S>
buffered_writer(S&& stream, std::size_t capacity) -> buffered_writer<S>;

// ---- Reading ----

template <byte_source S>
task<std::size_t> buffered_reader<S>::fill() {
  const std::size_t got = co_await stream_.read_some(buffer_.room());
  buffer_.commit(got);
  co_return got;
}

template <byte_source S>
task<std::size_t> buffered_reader<S>::read_some(bytes to) {
  if (!buffer_.empty() || to.empty()) {
    co_await checkpoint();
  } else if (to.size() >= buffer_.capacity()) {
    co_return co_await stream_.read_some(to);
  } else {
    (void)co_await fill();
  }
  co_return buffer_.take(to);
}

template <byte_source S>
task<std::optional<std::string>> buffered_reader<S>::read_until(std::string_view delimiter,
                                                                std::size_t limit) {
  return read_to_end_of("what a delimiter should end", delimiter_search(delimiter, limit));
}

template <byte_source S>
task<std::optional<std::string>> buffered_reader<S>::read_line(std::size_t limit) {
  return read_to_end_of("a line", line_search(limit));
}

template <byte_source S>
template <class Search>
task<std::optional<std::string>> buffered_reader<S>::read_to_end_of(const char* what,
                                                                    Search search) {
  co_await checkpoint();
  std::optional<found_end> end;
  while (!(end = search.in(peek()))) {
    const std::size_t got = co_await fill();
    if (got > 0) continue;
    if (peek().empty()) co_return std::nullopt;
    throw_ended_within(peek().size(), what);
  }
  std::string text(text_of(peek().first(end->length)));
  consume(end->with_ending);
  co_return text;
}

template <byte_source S>
task<> buffered_reader<S>::read_exactly(bytes to) {
  co_await checkpoint();
  while (peek().size() < to.size()) {
    const std::size_t got = co_await fill();
    if (got == 0) throw_ended_within(peek().size(), "what should be read");
  }
  (void)buffer_.take(to);
}

// ---- Writing ----

template <byte_sink S>
task<> buffered_writer<S>::flush() {
  while (!buffer_.empty()) {
    const std::size_t written = co_await stream_.write_some(buffer_.peek());
    buffer_.consume(written);
  }
}

template <byte_sink S>
task<std::size_t> buffered_writer<S>::write_some(const_bytes from) {
  const bool large = from.size() >= buffer_.capacity();
  if (large || buffer_.size() == buffer_.capacity()) co_await flush();
  if (large) co_return co_await stream_.write_some(from);
  co_await checkpoint();
  co_return buffer_.append(from);
}

template <byte_sink S>
task<> buffered_writer<S>::shutdown_write() {
  co_await flush();
  co_await stream_.shutdown_write();
}

}  // namespace dwell::inline v0::net
