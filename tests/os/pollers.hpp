// Suites that run once for each poller there is.
#pragma once

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include <dwell/os/poller.hpp>
#include <dwell/os/socket.hpp>

#include "os/socket_pair.hpp"

namespace dwell_test {

using poller_ptr = std::unique_ptr<dwell::os::poller>;
using poller_events = std::array<dwell::os::ready_event, dwell::os::poller::most_events>;

/// For wait_until(): looks, and does not wait.
inline constexpr std::int64_t at_once = 0;

/// Why there is nothing to test of io_uring here, or an empty text.
inline const std::string& uring_refusal() {
  static const std::string refusal = [] {
    try {
      static_cast<void>(dwell::os::make_uring_poller());
    } catch (const std::system_error& e) {
      return std::string("THIS KERNEL REFUSES IO_URING: ") + e.what();
    }
    return std::string();
  }();
  return refusal;
}

struct poller_kind {
  const char* name;
  poller_ptr (*make)();
  int descriptors;  ///< Which one of them takes.
};

class on_pollers : public testing::TestWithParam<poller_kind> {
 protected:
  void SetUp() override {
    if (GetParam().name == std::string_view("uring") && !uring_refusal().empty())
      GTEST_SKIP() << uring_refusal();
  }
  [[nodiscard]] static poller_ptr make() { return GetParam().make(); }
};

/// To be instantiated with: INSTANTIATE_TEST_SUITE_P(kinds, suite, each_poller(), poller_name).
inline auto each_poller() {
  return testing::Values(poller_kind{"epoll", &dwell::os::make_epoll_poller, 2},
                         poller_kind{"uring", [] { return dwell::os::make_uring_poller(); }, 1});
}
inline std::string poller_name(const testing::TestParamInfo<poller_kind>& info) {
  return info.param.name;
}

/// One end is registered.
struct registered_pair : socket_pair {
  explicit registered_pair(dwell::os::poller& p, std::uint64_t token = 7) {
    EXPECT_EQ(p.add(a.get(), token), 0);
  }
  void send(std::string_view text) const {
    EXPECT_TRUE(dwell::os::send(b.get(), std::as_bytes(std::span(text))).ok());
  }
};

}  // namespace dwell_test
