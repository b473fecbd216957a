// split: a stream's two directions, each with an owner of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

template <byte_stream S>
class read_half;
template <byte_stream S>
class write_half;

/// Both halves of a stream, which they own together: it is destroyed when the second one is. Each
/// may go to a task, and a thread, of its own. Throws std::bad_alloc.
template <byte_stream S>
[[nodiscard]] std::pair<read_half<S>, write_half<S>> split(S stream) {
  const auto both = std::make_shared<S>(std::move(stream));
  return {read_half<S>(both), write_half<S>(both)};
}

/// What both halves have in common.
template <byte_stream S>
class stream_half {
 public:
  /// The whole stream, for what both directions share: addresses, options.
  [[nodiscard]] S& stream() const {
    if (stream_ == nullptr)
      base::panic("net::split", "this half was moved from; use the one that it was moved to");
    return *stream_;
  }

 protected:
  explicit stream_half(std::shared_ptr<S> stream) noexcept : stream_(std::move(stream)) {}

 private:
  std::shared_ptr<S> stream_;
};

/// A byte_source. Move-only; it may be moved while a read that was begun goes on. To drop it says
/// nothing to the other side, which may go on writing.
template <byte_stream S>
class [[nodiscard]] read_half : public stream_half<S> {
 public:
  read_half(read_half&&) noexcept = default;
  read_half& operator=(read_half&&) noexcept = default;

  [[nodiscard]] task<std::size_t> read_some(bytes to) { return this->stream().read_some(to); }

 private:
  friend std::pair<read_half<S>, write_half<S>> split<S>(S stream);
  using stream_half<S>::stream_half;
};

/// A byte_sink. Move-only; it may be moved while a write that was begun goes on.
///
/// To drop it does not end the stream for the other side, which waits for more until the read half
/// is gone too: a destructor cannot wait, as shutdown_write() may have to (TLS). Await
/// shutdown_write() first.
template <byte_stream S>
class [[nodiscard]] write_half : public stream_half<S> {
 public:
  write_half(write_half&&) noexcept = default;
  write_half& operator=(write_half&&) noexcept = default;

  [[nodiscard]] task<std::size_t> write_some(const_bytes from) {
    return this->stream().write_some(from);
  }
  [[nodiscard]] task<> shutdown_write() { return this->stream().shutdown_write(); }

 private:
  friend std::pair<read_half<S>, write_half<S>> split<S>(S stream);
  using stream_half<S>::stream_half;
};

}  // namespace dwell::inline v0::net
