// One connection of the neutral client, and the check of every byte that comes back on it.
//
// The socket blocks, with a limit, so that whoever connects and asks one after another needs no
// poller; who has many in flight reads with `hear`, which never waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "payload.hpp"
#include "tls.hpp"

namespace bench {

/// How long a server may be silent. Nothing on loopback takes seconds unless it is lost.
inline constexpr std::chrono::seconds patience{5};

/// Every member throws std::runtime_error, with the connection and the request in its text, when
/// the server is silent for too long, closes, or sends anything but what it was sent.
class echo_connection {
 public:
  /// Connects to 127.0.0.1. Every 10,000 connections have another source address: one has no more
  /// than some 28,000 ports.
  ///
  /// With `trust` it speaks TLS, and asks and waits only.
  echo_connection(std::uint16_t port, std::uint32_t id, const tls_trust* trust = nullptr);
  echo_connection(echo_connection&& other) noexcept;
  echo_connection& operator=(echo_connection&&) = delete;
  ~echo_connection();

  /// Sends the next request; the one before must have been answered.
  void ask();

  /// Takes what has arrived, without waiting; true when the reply is whole.
  bool hear() { return take(false); }

  /// Asks and waits for the reply.
  void ask_and_wait();

  /// Nothing has come that was not asked for.
  void expect_silence();

  /// Makes closing a reset. Thousands of connections that are closed in order would leave as many
  /// ports in TIME_WAIT for a minute.
  void reset_on_close();

  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// When the last request was sent; monotonic.
  [[nodiscard]] std::int64_t asked_at_ns() const { return asked_at_ns_; }

  [[noreturn]] void fail(const std::string& why) const;

 private:
  void connect_to(std::uint16_t port);
  void limit_waiting();
  bool take(bool wait);
  [[nodiscard]] long receive(char* bytes, std::size_t room, bool wait);
  void check(const char* bytes, std::size_t count);

  int descriptor_ = -1;
  std::uint32_t id_;
  std::uint32_t request_ = 0;
  std::size_t heard_ = 0;  ///< Bytes of the reply so far.
  std::int64_t asked_at_ns_ = 0;
  payload sent_{};
  std::optional<tls_session> tls_{};
};

}  // namespace bench
