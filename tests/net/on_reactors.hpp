// Suites that run once for each way of waiting for sockets and each number of workers, on real
// sockets of this machine.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>

#include "os/pollers.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace dwell_test {

using way_of_waiting = std::tuple<dwell::io_mode, dwell::reactor_mode, unsigned>;

/// Leaves no coroutine frame behind, and does not hang.
class on_reactors : public no_frames_left, public testing::WithParamInterface<way_of_waiting> {
 protected:
  void SetUp() override {
    if (std::get<0>(GetParam()) == dwell::io_mode::io_uring && !uring_refusal().empty())
      GTEST_SKIP() << uring_refusal();
  }
  [[nodiscard]] static dwell::settings pool() {
    const auto& [io, reactor, count] = GetParam();
    dwell::settings s = workers(count);
    s.io = io;
    s.reactor = reactor;
    return s;
  }

 private:
  const watchdog dog_{"a test on sockets"};
};

/// To be instantiated with: INSTANTIATE_TEST_SUITE_P(reactors, suite, each_reactor(),
/// reactor_name). With io_uring it matters who registers a socket: who waits for it, another
/// worker, or none that ever waits.
inline auto each_reactor() {
  using enum dwell::io_mode;
  using enum dwell::reactor_mode;
  using way = way_of_waiting;
  return testing::Values(way(epoll, shared, 1), way(epoll, shared, 2), way(epoll, shared, 4),
                         way(epoll, dedicated, 1), way(epoll, dedicated, 2),
                         way(epoll, dedicated, 4), way(io_uring, shared, 1),
                         way(io_uring, shared, 4), way(io_uring, dedicated, 2));
}

inline std::string reactor_name(const testing::TestParamInfo<way_of_waiting>& info) {
  const auto& [io, reactor, count] = info.param;
  return std::string(io == dwell::io_mode::io_uring ? "uring_" : "") +
         (reactor == dwell::reactor_mode::shared ? "shared_" : "dedicated_") +
         std::to_string(count);
}

/// Two ends of one connection.
struct connection {
  dwell::net::tcp_stream client;
  dwell::net::tcp_stream server;
};

/// A connection to oneself.
inline dwell::task<connection> connected() {
  auto listener = dwell::net::tcp_listener::bind(dwell::net::endpoint::loopback(0));
  auto both = dwell::gather(dwell::net::tcp_stream::connect(listener.local()), listener.accept());
  auto ends = co_await std::move(both);
  co_return connection{std::move(std::get<0>(ends)), std::move(std::get<1>(ends))};
}

}  // namespace dwell_test
