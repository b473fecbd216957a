// One end of a TLS connection, as a machine without a wire: bytes in, bytes out.
//
//   ciphertext from the peer ──feed──▶ ┌─────────┐ ──read──▶ what the peer said
//   ciphertext for the peer ◀─output── └─────────┘ ◀─write── what we say
//
// Nothing here waits, so whoever has a wire (tls_stream.hpp) decides how; and every answer of TLS
// can be tested without one. OpenSSL's own descriptors and callbacks stay out: it is given two
// buffers in memory, so it never meets a SIGPIPE, and what it has decrypted is read before anybody
// waits for more.
//
// The end of the input is kept here and not told to OpenSSL: asked for more it says, as ever, that
// it wants input, and the answer becomes unexpected_end. So a cut is the same error however often
// it is asked for, and no setting of OpenSSL can make it an end.
//
// An SSL object is not thread-safe. Each function below holds one short lock: at most a record of
// 16 KiB is encrypted or decrypted under it, or a step of the handshake, and nobody waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/net/tls_context.hpp>

namespace dwell::inline v0::net {

/// A client's or a server's side of one connection. Any thread may call; a reader and a writer may
/// at the same time. A session that was moved from may only be destroyed.
class DWELL_API tls_session {
 public:
  enum class state : std::uint8_t {
    done,         ///< It went as far as it can go.
    wants_input,  ///< Nothing more without ciphertext: feed() some and call again.
    ended,        ///< The peer said that there will be no more.
    failed,       ///< Send what output() has, which tells the peer why; then throw_failure().
  };
  /// What an operation came to, and how many bytes it moved.
  struct progress {
    state now;
    std::size_t count = 0;
  };

  /// A client that speaks to `host`: a name or an IP address (an IPv6 address may be in brackets).
  /// The name is told to the server, and the certificate must be for it. Throws
  /// std::invalid_argument for what is neither.
  tls_session(const tls_client_context& context, std::string_view host);
  /// A server that speaks to one client.
  explicit tls_session(const tls_server_context& context);
  tls_session(tls_session&&) noexcept;
  tls_session& operator=(tls_session&&) noexcept;
  ~tls_session();

  /// A step of the handshake: done, wants_input or failed. Whatever it answers, send the output.
  [[nodiscard]] state handshake();
  /// Whether the peer needs output() for its own handshake. Not so what a TLS 1.3 server has when
  /// it is done: tickets for later connections, which can go with the next bytes.
  [[nodiscard]] bool peer_waits() const noexcept;
  /// Decrypts into `to`: done with at least one byte (none if `to` is empty), wants_input, ended or
  /// failed.
  [[nodiscard]] progress read(bytes to);
  /// Encrypts the beginning of `from`, up to 16 KiB: done or failed. After close_write() throws
  /// net::error.
  [[nodiscard]] progress write(const_bytes from);
  /// Puts close_notify behind what was written. Again, or after a failure: nothing.
  void close_write();

  /// Ciphertext that came from the peer, all of it.
  void feed(const_bytes ciphertext);
  /// The peer's side of the wire has ended. What would answer wants_input throws unexpected_end
  /// from here on.
  void feed_end() noexcept;

  /// What is to be sent next, in order; empty: nothing. It stays as it is until consumed().
  [[nodiscard]] const_bytes output();
  /// `count` bytes of output() have been sent. One task at a time is between the two.
  void consumed(std::size_t count) noexcept;
  [[nodiscard]] bool has_output() const noexcept;

  /// Throws the tls_error that made an operation fail.
  [[noreturn]] void throw_failure() const;

  /// Whether the handshake has been done.
  [[nodiscard]] bool is_open() const noexcept;
  /// After the handshake: the protocol that was agreed on, or "".
  [[nodiscard]] std::string alpn() const;
  /// After the handshake.
  [[nodiscard]] tls_version version() const noexcept;
  /// The name that the client asked for, or "".
  [[nodiscard]] std::string server_name() const;

 private:
  struct engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace dwell::inline v0::net
