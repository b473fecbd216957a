// What a handler answers: a text that is there, or a body that is written bit by bit.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

class paced_writer;

/// What writes a streamed body. What a write is given is with the system, on its way to the client,
/// when the write returns: as a chunk of its own, or to a client of HTTP/1.0 as it is. One task at
/// a time writes.
///
/// A write that fails, or is cancelled, may have sent a part: the answer is broken off then, each
/// later write throws net::error, and the connection is closed without the mark that ends a body,
/// so that the client knows. Throws what the connection throws, timed_out when the client does not
/// read (server_options::write_time), dwell::cancelled, std::bad_alloc.
class DWELL_API body_writer {
 public:
  /// For the server.
  body_writer(paced_writer& to, bool chunked) noexcept : to_(&to), chunked_(chunked) {}

  /// Sends all of `from`, which must live until then. Nothing for an empty one.
  [[nodiscard]] task<> write(net::const_bytes from);
  [[nodiscard]] task<> write(std::string_view from) { return write(net::bytes_of(from)); }

  /// The same as of a byte_sink, for net::copy() and the like.
  [[nodiscard]] task<std::size_t> write_some(net::const_bytes from);
  /// Nothing: the body ends when what writes it returns.
  [[nodiscard]] task<> shutdown_write();

 private:
  paced_writer* to_;
  bool chunked_;
  std::string frame_;
};

static_assert(net::byte_sink<body_writer>);

/// A function that writes a body, of whatever type.
class DWELL_API body_producer {
 public:
  body_producer() noexcept = default;
  body_producer(const body_producer&) = delete;
  body_producer& operator=(const body_producer&) = delete;
  virtual ~body_producer();

  [[nodiscard]] virtual task<> produce(body_writer& out) = 0;
};

template <class F>
class body_producer_of final : public body_producer {
 public:
  explicit body_producer_of(F fn) : fn_(std::move(fn)) {}
  [[nodiscard]] task<> produce(body_writer& out) override { return std::invoke(fn_, out); }

 private:
  F fn_;
};

/// An answer. The server adds Content-Length or Transfer-Encoding, and Connection: close when it
/// closes; of these a handler may add Connection: close only. It adds Date unless there is one.
///
/// An answer that is none (a status outside 200 to 599, a field that is the server's) becomes a
/// 500, and the error goes to the unobserved-error hook.
class DWELL_API response {
 public:
  response() = default;
  /// A text. `type` is the Content-Type; "" adds none.
  explicit response(int status_code, std::string text = {},
                    std::string_view type = "text/plain; charset=utf-8");

  /// A body that `produce(body_writer&)`, a callable that returns a task<>, writes once the head
  /// has been sent. It is moved to where it lives until the body is complete, so that a lambda may
  /// capture. The request lives as long. Cancelled when the client leaves.
  ///
  /// When it throws, the connection is broken off: the head is gone, and nothing else can say it.
  /// A client of HTTP/1.0 has the end of the connection for the end of the body, and can tell one
  /// that was broken off from a whole one only where the connection tells it, as TLS does.
  template <class F>
  [[nodiscard]] static response streamed(F produce, std::string_view type) {
    response made(200, {}, type);
    made.stream = std::make_unique<body_producer_of<F>>(std::move(produce));
    return made;
  }

  int status = 200;
  fields headers{};
  /// Sent as it is, unless there is a stream.
  std::string body{};
  std::unique_ptr<body_producer> stream{};
};

}  // namespace dwell::inline v0::http
