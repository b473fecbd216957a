// Two Unix streams that are connected to each other, non-blocking.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <dwell/os/file_descriptor.hpp>

namespace dwell_test {

struct socket_pair {
  socket_pair() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    a = dwell::os::file_descriptor(fds[0]);
    b = dwell::os::file_descriptor(fds[1]);
  }

  dwell::os::file_descriptor a{};
  dwell::os::file_descriptor b{};
};

}  // namespace dwell_test
