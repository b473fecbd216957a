// The neutral client: one thread, one epoll, no runtime. It is the same for every server, so that
// what differs between rows is the server's.
//
// A closed loop: each connection has one request in flight, and the next is sent when the reply has
// been read and checked. So with n connections no latency can be less than n times the time that a
// request takes the two together; the rate and the latencies tell one story.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "echo_connection.hpp"

namespace bench {

/// What a period of ping-pong gave.
struct echo_period {
  std::int64_t took_ns = 0;
  std::vector<double> latencies_us{};  ///< One for each reply, sorted.
};

/// Members throw std::runtime_error as echo_connection does.
class echo_client {
 public:
  /// Connects `n` times.
  echo_client(std::uint16_t port, std::uint32_t n);
  echo_client(const echo_client&) = delete;
  ~echo_client();

  /// Keeps a request in flight on every connection for so long, then waits for the last replies.
  /// Every connection is asked at least once, every reply counts, and none is left out.
  echo_period ping_pong(std::chrono::nanoseconds duration);

  /// No server has sent more than it was asked for.
  void expect_silence();

 private:
  void watch(std::uint32_t index);
  /// Waits for replies; how many have become whole. Sends again on those until `deadline_ns`.
  std::uint32_t serve_replies(std::int64_t deadline_ns, std::vector<double>& latencies_us);

  int poller_;
  std::uint32_t in_flight_ = 0;
  std::vector<echo_connection> connections_;
};

}  // namespace bench
