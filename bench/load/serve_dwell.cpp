// Dwell as a server (see serve_dwell.hpp; bench/peers/README.md says what a server does).
#include "serve_dwell.hpp"

#include <array>
#include <cstdio>
#include <thread>
#include <unistd.h>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>

#include "../harness/child_process.hpp"
#include "dwell_settings.hpp"

namespace bench {

namespace {

namespace net = dwell::net;

dwell::task<> echo(net::tcp_stream connection) {
  std::array<std::byte, 1024> room{};
  while (const std::size_t got = co_await connection.read_some(room))
    co_await net::write_all(connection, std::span(room).first(got));
}

// A client that vanishes ends its own connection only.
dwell::task<> serve(net::tcp_stream connection) {
  try {
    co_await echo(std::move(connection));
  } catch (const net::error&) {
  }
}

dwell::task<> accept_all(net::tcp_listener& listener) {
  co_await dwell::with_task_group([&](dwell::task_group& group) -> dwell::task<> {
    for (;;) group.spawn(serve(co_await listener.accept()));
  });
}

void wait_for_end_of_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

dwell::task<> serve_until_input_ends() {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  std::printf("port %u\n", unsigned{listener.local().port()});
  std::fflush(stdout);
  co_await dwell::race(accept_all(listener), dwell::blocking(wait_for_end_of_input));
}

}  // namespace

int serve_dwell(const row& subject) {
  if (subject.workload != "echo") return unknown_workload;
  dwell::run(serve_until_input_ends(), settings_of(subject));
  return 0;
}

}  // namespace bench
