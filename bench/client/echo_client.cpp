// The neutral client's loop (see echo_client.hpp).
#include "echo_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <sys/epoll.h>
#include <unistd.h>

#include "../harness/resources.hpp"

namespace bench {

echo_client::echo_client(std::uint16_t port, std::uint32_t n)
    : poller_(epoll_create1(EPOLL_CLOEXEC)) {
  if (poller_ < 0) throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
  connections_.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    connections_.emplace_back(port, i);
    watch(i);
  }
}

echo_client::~echo_client() { close(poller_); }

void echo_client::watch(std::uint32_t index) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u32 = index;
  const auto descriptor = connections_[index].descriptor();
  if (epoll_ctl(poller_, EPOLL_CTL_ADD, descriptor, &wanted) != 0) {
    throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
  }
}

echo_period echo_client::ping_pong(std::chrono::nanoseconds duration) {
  echo_period period;
  period.latencies_us.reserve(static_cast<std::size_t>(duration / std::chrono::microseconds(3)));
  const auto begun = now_ns();
  for (auto& each : connections_) each.ask();
  in_flight_ = static_cast<std::uint32_t>(connections_.size());
  auto heard_at = begun;
  while (in_flight_ > 0) {
    const auto replies = serve_replies(begun + duration.count(), period.latencies_us);
    const auto now = now_ns();
    if (replies > 0) heard_at = now;
    if (now - heard_at > std::chrono::nanoseconds(patience).count()) {
      throw std::runtime_error("no answer within " + std::to_string(patience.count()) + " s to " +
                               std::to_string(in_flight_) + " requests");
    }
  }
  period.took_ns = now_ns() - begun;
  std::sort(period.latencies_us.begin(), period.latencies_us.end());
  return period;
}

std::uint32_t echo_client::serve_replies(std::int64_t deadline_ns,
                                         std::vector<double>& latencies_us) {
  std::array<epoll_event, 1024> ready;
  const auto count = epoll_wait(poller_, ready.data(), static_cast<int>(ready.size()), 100);
  if (count < 0 && errno != EINTR) {
    throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
  }
  std::uint32_t replies = 0;
  for (int i = 0; i < count; ++i) {
    auto& each = connections_[ready[static_cast<std::size_t>(i)].data.u32];
    if (!each.hear()) continue;
    ++replies;
    const auto now = now_ns();
    latencies_us.push_back(static_cast<double>(now - each.asked_at_ns()) / 1e3);
    if (now < deadline_ns) {
      each.ask();
    } else {
      --in_flight_;
    }
  }
  return replies;
}

void echo_client::expect_silence() {
  for (auto& each : connections_) each.expect_silence();
}

}  // namespace bench
