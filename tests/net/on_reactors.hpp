// Suites that run once for each way of waiting for sockets and each number of workers, on real
// sockets of this machine.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>

#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace dwell_test {

using reactor_and_workers = std::tuple<dwell::reactor_mode, unsigned>;

/// Leaves no coroutine frame behind, and does not hang.
class on_reactors : public no_frames_left, public testing::WithParamInterface<reactor_and_workers> {
 protected:
  [[nodiscard]] static dwell::settings pool() {
    dwell::settings s = workers(std::get<1>(GetParam()));
    s.reactor = std::get<0>(GetParam());
    return s;
  }

 private:
  const watchdog dog_{"a test on sockets"};
};

/// To be instantiated with: INSTANTIATE_TEST_SUITE_P(reactors, suite, each_reactor(),
/// reactor_name).
inline auto each_reactor() {
  return testing::Combine(
      testing::Values(dwell::reactor_mode::shared, dwell::reactor_mode::dedicated),
      testing::Values(1U, 2U, 4U));
}

inline std::string reactor_name(const testing::TestParamInfo<reactor_and_workers>& info) {
  const bool shared = std::get<0>(info.param) == dwell::reactor_mode::shared;
  return (shared ? "shared_" : "dedicated_") + std::to_string(std::get<1>(info.param));
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
