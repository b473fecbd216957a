// A request's body, read from the connection as somebody asks for it. Not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>

#include <dwell/http/chunked_decoder.hpp>
#include <dwell/http/pace.hpp>
#include <dwell/http/paced_writer.hpp>
#include <dwell/http/request_parser.hpp>
#include <dwell/http/server_options.hpp>
#include <dwell/net/any_stream.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::http {

using connection_reader = net::buffered_reader<net::any_stream&>;

/// One task at a time reads. After the last byte it touches the connection no more, and end() is
/// set: the connection may be read by somebody else from then on, on any thread.
class body_reader {
 public:
  body_reader(connection_reader& from, paced_writer& to, const request_head& head,
              const server_options& options);

  /// See request_body.
  [[nodiscard]] task<std::size_t> read_some(net::bytes to);

  /// Reads what the handler has left, as much and as long as the options allow; whether that was
  /// all, and good.
  [[nodiscard]] task<bool> drain();

  /// From now on it is too late for "100 Continue".
  void answer_begins() noexcept { owes_continue_ = false; }
  /// Whether the client waits for "100 Continue", and may never send the body.
  [[nodiscard]] bool owes_continue() const noexcept { return owes_continue_; }

  [[nodiscard]] bool is_done() const noexcept { return done_; }
  /// Set once the last byte was read.
  [[nodiscard]] event& end() noexcept { return end_; }
  /// Whether a read failed: the connection cannot be used any more.
  [[nodiscard]] bool has_failed() const noexcept { return failure_ != nullptr; }
  /// Whether it was the connection's fault, and not the body's.
  [[nodiscard]] bool has_lost_connection() const noexcept { return lost_connection_; }

 private:
  [[nodiscard]] task<> skip();
  [[nodiscard]] task<std::size_t> read_in_time(net::bytes to);
  [[nodiscard]] task<std::size_t> read(net::bytes to);
  [[nodiscard]] task<> read_framing();
  [[nodiscard]] std::uint64_t left() const noexcept;
  void took(std::size_t count) noexcept;
  void finish() noexcept;

  connection_reader& from_;
  paced_writer& to_;
  const server_options& options_;
  const framing framing_;
  chunked_decoder chunks_;
  pace pace_;
  std::uint64_t left_;  // of a body whose length is known
  bool owes_continue_;
  bool done_ = false;
  bool lost_connection_ = false;
  std::exception_ptr failure_;
  event end_;
};

}  // namespace dwell::inline v0::http
