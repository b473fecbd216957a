// any_stream: a byte stream of whatever kind behind one type, so that a protocol is compiled once.
//
//   task<> speak(net::any_stream& with);             // in a .cpp
//   net::stream_as_any<net::tcp_stream> any(std::move(stream));
//   co_await speak(any);
//
// One virtual call an operation, and no frame of its own: the stream's task is passed on.
#pragma once

#include <cstddef>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

/// Some byte_stream, with all that it promises.
class DWELL_API any_stream {
 public:
  any_stream(const any_stream&) = delete;
  any_stream& operator=(const any_stream&) = delete;
  virtual ~any_stream();

  [[nodiscard]] virtual task<std::size_t> read_some(bytes to) = 0;
  [[nodiscard]] virtual task<std::size_t> write_some(const_bytes from) = 0;
  [[nodiscard]] virtual task<> shutdown_write() = 0;

 protected:
  any_stream() noexcept = default;
};

static_assert(byte_stream<any_stream>);

/// The stream `S` as any_stream. Given a reference type it borrows the stream, which must outlive
/// it.
template <class S>
class stream_as_any final : public any_stream {
 public:
  explicit stream_as_any(S&& stream) : stream_(std::forward<S>(stream)) {}

  [[nodiscard]] task<std::size_t> read_some(bytes to) override { return stream_.read_some(to); }
  [[nodiscard]] task<std::size_t> write_some(const_bytes from) override {
    return stream_.write_some(from);
  }
  [[nodiscard]] task<> shutdown_write() override { return stream_.shutdown_write(); }

 private:
  S stream_;
};

}  // namespace dwell::inline v0::net
