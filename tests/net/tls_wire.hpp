// A byte stream under TLS on which a test has its hand.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include <dwell/net/duplex.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/net/tls_stream.hpp>

#include "net/tls_parties.hpp"

namespace dwell_test {

/// What a test sets before, and sees while, a wire is at work.
struct wire_control {
  std::size_t most_per_read = SIZE_MAX;
  std::size_t most_per_write = SIZE_MAX;
  /// How many bytes arrive before the wire is cut.
  std::size_t deliver = SIZE_MAX;
  std::atomic<std::size_t> read{0};
  std::atomic<std::size_t> written{0};
  /// Whether an operation is going on.
  std::atomic<bool> reading{false};
  std::atomic<bool> writing{false};
};

/// One end of a duplex.
class wire {
 public:
  explicit wire(dwell::net::duplex_stream below, std::shared_ptr<wire_control> c = {})
      : below_(std::move(below)),
        control_(c != nullptr ? std::move(c) : std::make_shared<wire_control>()) {}

  dwell::task<std::size_t> read_some(dwell::net::bytes to) {
    const busy now(control_->reading);
    const std::size_t left = control_->deliver - control_->read;
    if (left == 0) co_return 0;
    const dwell::net::bytes part = to.first(std::min({to.size(), control_->most_per_read, left}));
    const std::size_t count = co_await below_.read_some(part);
    control_->read += count;
    co_return count;
  }

  dwell::task<std::size_t> write_some(dwell::net::const_bytes from) {
    const busy now(control_->writing);
    const dwell::net::const_bytes part =
        from.first(std::min(from.size(), control_->most_per_write));
    const std::size_t count = co_await below_.write_some(part);
    control_->written += count;
    co_return count;
  }

  dwell::task<> shutdown_write() { return below_.shutdown_write(); }

 private:
  struct busy {
    explicit busy(std::atomic<bool>& f) : flag(f) { flag = true; }
    ~busy() { flag = false; }
    std::atomic<bool>& flag;
  };

  dwell::net::duplex_stream below_;
  std::shared_ptr<wire_control> control_;
};

using tls_wire = dwell::net::tls_stream<wire>;

/// The two ends of one connection before their handshake, and the hands on their wires.
struct tls_ends {
  explicit tls_ends(std::size_t capacity = 64 * std::size_t{1024},
                    dwell::net::tls_version only = dwell::net::tls_version::tls_1_3)
      : tls_ends(dwell::net::duplex(capacity), only) {}

  std::shared_ptr<wire_control> client_wire = std::make_shared<wire_control>();
  std::shared_ptr<wire_control> server_wire = std::make_shared<wire_control>();
  tls_wire client;
  tls_wire server;

  dwell::task<> shake() {
    dwell::task<> one = client.handshake();
    dwell::task<> other = server.handshake();
    auto both = dwell::gather(std::move(one), std::move(other));
    co_await std::move(both);
  }

 private:
  using duplex_ends = std::pair<dwell::net::duplex_stream, dwell::net::duplex_stream>;
  tls_ends(duplex_ends ends, dwell::net::tls_version only)
      : client(wire(std::move(ends.first), client_wire),
               dwell::net::tls_session(client_context(only), server_host)),
        server(wire(std::move(ends.second), server_wire),
               dwell::net::tls_session(server_context())) {}
};

/// Reads what comes next, `most` bytes at most; "" at the end.
template <dwell::net::byte_stream S>
dwell::task<std::string> read_text(S& from, std::size_t most = 1'000) {
  std::string text(most, '\0');
  const std::size_t count = co_await from.read_some(std::as_writable_bytes(std::span(text)));
  text.resize(count);
  co_return text;
}

/// Reads until the end.
template <dwell::net::byte_stream S>
dwell::task<std::string> read_all(S& from, std::size_t most = 1'000) {
  std::string all;
  for (;;) {
    const std::string part = co_await read_text(from, most);
    if (part.empty()) co_return all;
    all += part;
  }
}

/// Reads exactly so much.
template <dwell::net::byte_stream S>
dwell::task<std::string> read_text_exactly(S& from, std::size_t count) {
  std::string text(count, '\0');
  co_await dwell::net::read_exactly(from, std::as_writable_bytes(std::span(text)));
  co_return text;
}

/// `count` letters in an order that repeats late.
inline std::string letters(std::size_t count, unsigned seed = 1) {
  std::string text(count, '\0');
  std::uint32_t state = seed;
  for (char& each : text) {
    state = state * 1'664'525 + 1'013'904'223;
    each = static_cast<char>('a' + (state >> 24) % 26);
  }
  return text;
}

}  // namespace dwell_test
