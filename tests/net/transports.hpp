// The stream sockets that there are, for tests that hold for each of them.
#pragma once

#include <atomic>
#include <string>
#include <unistd.h>

#include <dwell/net/tcp.hpp>
#include <dwell/net/unix.hpp>

namespace dwell_test {

struct over_tcp {
  using stream = dwell::net::tcp_stream;
  using listener = dwell::net::tcp_listener;

  static listener listen() { return listener::bind(dwell::net::endpoint::loopback(0)); }
  static dwell::task<stream> connect(const listener& to) { return stream::connect(to.local()); }
};

struct over_unix {
  using stream = dwell::net::unix_stream;
  using listener = dwell::net::unix_listener;

  // Abstract names, so that no file needs a place; of this process, for several run at a time.
  static listener listen() {
    static std::atomic<int> count{0};
    std::string name = "@dwell_test_";
    return listener::bind(
        name.append(std::to_string(getpid())).append("_").append(std::to_string(++count)));
  }
  static dwell::task<stream> connect(const listener& to) {
    return stream::connect(to.local().address());
  }
};

}  // namespace dwell_test
