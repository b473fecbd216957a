// tls_stream: TLS over any byte stream, and a byte stream itself.
//
// tls_session does the work and waits for nobody; here is what waits: for ciphertext that comes in,
// and for the transport to take what goes out. A reader and a writer may be at work on two threads.
// What keeps them from mixing up the stream:
//
//  1. Ciphertext leaves in the order in which it was produced. Only who holds `sending` takes it,
//     from the front; a byte is gone only after the transport has said that it took it. So whoever
//     is cancelled between two pieces of a record leaves the rest at the front, and the next one
//     goes on there: a record is never torn.
//  2. Ciphertext enters in the order in which it came: only the reader feeds, one read at a time.
//  3. A session is asked for what it has decrypted before anybody waits for more: the transport may
//     stay silent for ever while the answer is here.
//  4. A reader never waits for a write. The peer may itself be writing, with everything between the
//     two full, and reading only when that is done.
//
// By 4 a reader that finds unsent ciphertext (a cancelled write left it, or the handshake its
// tickets) sends it while it reads, and stops sending when something has come. What reading itself
// produces needs no such hurry: the answer to a key update of TLS 1.3 goes out before the next
// bytes that are written, which is when it is due; renegotiation is off.
//
// A write takes plaintext only once all ciphertext before it has gone, so no more than one record
// is ever held back. From then on its bytes are taken: a cancellation in the middle of sending them
// does not undo that, so the write returns.
#pragma once

#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/net/tls_context.hpp>
#include <dwell/net/tls_session.hpp>
#include <dwell/scope/cancel_scope.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/sync/mutex.hpp>

namespace dwell::inline v0::net {

/// A TLS connection over the byte stream `Next`: itself a byte_stream. tls_connect() and
/// tls_accept() make one.
///
/// One task at a time may read, and one may write; both go on side by side, on any threads. It may
/// be moved while neither is at work. Destroying it closes the transport without a close_notify,
/// which the peer takes for a cut: shutdown_write() first. Holds a buffer of 16 KiB.
///
/// All operations throw what those of the transport throw, and tls_error.
template <byte_stream Next>
class tls_stream {
 public:
  /// For who wants to keep the stream over a failed handshake; tls_connect() and tls_accept() do
  /// both steps.
  tls_stream(Next next, tls_session session)
      : parts_(std::make_unique<parts>(std::move(next), std::move(session))) {}

  /// Agrees with the peer on keys, and who it is; needed before anything else. Cancelled, it may be
  /// called again and goes on where it was. Throws tls_error, unexpected_end when the transport
  /// ends before it is done. A peer that is refused is told so, for a second at most.
  task<> handshake();

  /// Reads as every byte_stream does. 0 means that the peer has said that there is no more; a
  /// transport that ends without that throws unexpected_end, each time. Cancelled: nothing has been
  /// read. Reads at most a record of 16 KiB at once.
  task<std::size_t> read_some(bytes to);

  /// Writes as every byte_stream does, at most a record of 16 KiB at once. Returns when the
  /// transport has taken it. Cancelled before that: either throws, and nothing of `from` will ever
  /// be sent, or returns, and what of the record the transport has not taken goes out with the
  /// next operation, which a write of nothing is too.
  task<std::size_t> write_some(const_bytes from);

  /// Sends close_notify; the transport stays open both ways. Cancelled, nothing can be written any
  /// more, and the next call sends what is left.
  task<> shutdown_write();

  /// The protocol that was agreed on by ALPN, or "".
  [[nodiscard]] std::string alpn() const { return here().session.alpn(); }
  [[nodiscard]] tls_version version() const { return here().session.version(); }
  /// The name by which the client asked for the server, or "".
  [[nodiscard]] std::string server_name() const { return here().session.server_name(); }
  /// What lies below; who writes to it or reads from it breaks the connection.
  [[nodiscard]] Next& transport() noexcept { return here().next; }

 private:
  // On the heap, because a mutex stays where it is.
  struct parts {
    parts(Next n, tls_session s) : next(std::move(n)), session(std::move(s)) {}

    Next next;
    tls_session session;
    mutex sending;
    // A record and what is around it, so that one read of the transport can bring a whole one.
    std::array<std::byte, 16 * 1024 + 512> received;
  };

  static task<> flush(parts& p);
  static task<> flush_quietly(parts& p, mutex::guard sending);
  static task<> receive(parts& p);
  static task<> receive_and_stop(parts& p, cancel_scope& both);
  static task<> receive_and_flush(parts& p, cancel_scope& both, mutex::guard sending);
  static task<> receive_more(parts& p);
  static task<> say_why(parts& p);

  [[nodiscard]] parts& here() const {
    DWELL_ASSERT(parts_ != nullptr, "a TLS stream is not used after it was moved from");
    return *parts_;
  }
  [[nodiscard]] parts& open() const {
    parts& p = here();
    if (!p.session.is_open()) base::panic("tls_stream", "await handshake() to its end first");
    return p;
  }

  std::unique_ptr<parts> parts_;
};

template <byte_stream Next>
inline constexpr bool is_secure<tls_stream<Next>> = true;

/// A TLS connection to `host` over `next`, a transport that is connected: does the handshake.
/// `host` is the name, or the address, that the certificate must be for. Cancelled or failed, the
/// transport is gone. Throws tls_error, unexpected_end, what the transport throws, and
/// std::invalid_argument for a host that is none.
template <byte_stream Next>
task<tls_stream<Next>> tls_connect(Next next, tls_client_context context, std::string host) {
  tls_stream<Next> stream(std::move(next), tls_session(context, host));
  co_await stream.handshake();
  co_return std::move(stream);
}

/// The server's side. Likewise.
template <byte_stream Next>
task<tls_stream<Next>> tls_accept(Next next, tls_server_context context) {
  tls_stream<Next> stream(std::move(next), tls_session(context));
  co_await stream.handshake();
  co_return std::move(stream);
}

template <byte_stream Next>
task<> tls_stream<Next>::handshake() {
  parts& p = here();
  for (;;) {
    const tls_session::state now = p.session.handshake();
    if (now == tls_session::state::failed) {
      co_await say_why(p);
      p.session.throw_failure();
    }
    if (p.session.peer_waits()) {
      const mutex::guard alone = co_await p.sending.lock();
      co_await flush(p);
    }
    if (now == tls_session::state::done) co_return;
    co_await receive(p);
  }
}

template <byte_stream Next>
task<std::size_t> tls_stream<Next>::read_some(bytes to) {
  parts& p = open();
  co_await checkpoint();
  for (;;) {
    const tls_session::progress got = p.session.read(to);
    if (got.now == tls_session::state::failed) {
      co_await say_why(p);
      p.session.throw_failure();
    }
    if (got.now != tls_session::state::wants_input) co_return got.count;
    co_await receive_more(p);
  }
}

template <byte_stream Next>
task<std::size_t> tls_stream<Next>::write_some(const_bytes from) {
  parts& p = open();
  const mutex::guard alone = co_await p.sending.lock();
  co_await flush(p);
  const tls_session::progress taken = p.session.write(from);
  try {
    co_await flush(p);
  } catch (const cancelled&) {  // NOLINT: see the top, the bytes are taken
  }
  if (taken.now == tls_session::state::failed) p.session.throw_failure();
  co_return taken.count;
}

template <byte_stream Next>
task<> tls_stream<Next>::shutdown_write() {
  parts& p = open();
  const mutex::guard alone = co_await p.sending.lock();
  p.session.close_write();
  co_await flush(p);
}

// With `sending` locked.
template <byte_stream Next>
task<> tls_stream<Next>::flush(parts& p) {
  for (;;) {
    const const_bytes left = p.session.output();
    if (left.empty()) co_return;
    const std::size_t taken = co_await p.next.write_some(left);
    p.session.consumed(taken);
  }
}

// For who reads: that a peer no longer listens is for the next write to say.
template <byte_stream Next>
task<> tls_stream<Next>::flush_quietly(parts& p, mutex::guard sending) {
  const mutex::guard held = std::move(sending);
  try {
    co_await flush(p);
  } catch (const std::exception&) {  // NOLINT: the transport will say it again
  }
}

template <byte_stream Next>
task<> tls_stream<Next>::receive(parts& p) {
  const std::size_t count = co_await p.next.read_some(p.received);
  if (count == 0) co_return p.session.feed_end();
  p.session.feed(const_bytes(p.received).first(count));
}

template <byte_stream Next>
task<> tls_stream<Next>::receive_and_stop(parts& p, cancel_scope& both) {
  co_await receive(p);
  both.cancel("something has come");
}

template <byte_stream Next>
task<> tls_stream<Next>::receive_and_flush(parts& p, cancel_scope& both, mutex::guard sending) {
  task<> in = receive_and_stop(p, both);
  task<> out = flush_quietly(p, std::move(sending));
  auto all = gather(std::move(in), std::move(out));
  co_await std::move(all);
}

template <byte_stream Next>
task<> tls_stream<Next>::receive_more(parts& p) {
  auto sending = p.session.has_output() ? p.sending.try_lock() : std::nullopt;
  if (!sending) {  // nothing is left, or somebody is sending it
    co_await receive(p);
    co_return;
  }
  auto both = [&p, &sending](cancel_scope& scope) {
    return receive_and_flush(p, scope, std::move(*sending));
  };
  auto scoped = with_cancel_scope(std::move(both));
  co_await std::move(scoped);
}

// Sends the alert, if there is one and it goes soon: the failure is what counts.
template <byte_stream Next>
task<> tls_stream<Next>::say_why(parts& p) {
  if (!p.session.has_output()) co_return;
  auto sending = p.sending.try_lock();
  if (!sending) co_return;
  task<> out = flush_quietly(p, std::move(*sending));
  co_await move_on_after(std::chrono::seconds(1), std::move(out));
}

}  // namespace dwell::inline v0::net
