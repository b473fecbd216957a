// Dwell as a server (see serve_dwell.hpp; bench/peers/README.md says what a server does).
#include "serve_dwell.hpp"

#include <array>
#include <cstdio>
#include <stdexcept>
#include <unistd.h>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

#include "../harness/child_process.hpp"
#include "dwell_settings.hpp"
#include "http_service.hpp"

namespace bench {

namespace {

namespace net = dwell::net;

template <net::byte_stream Stream>
dwell::task<> echo(Stream connection) {
  std::array<std::byte, 1024> room{};
  while (const std::size_t got = co_await connection.read_some(room))
    co_await net::write_all(connection, std::span(room).first(got));
}

dwell::task<> echo_tls(net::tcp_stream connection, net::tls_server_context as) {
  auto accepting = net::tls_accept(std::move(connection), std::move(as));
  auto stream = co_await std::move(accepting);
  co_await echo(std::move(stream));
}

// A client that vanishes ends its own connection only.
dwell::task<> unless_it_fails(dwell::task<> service) {
  try {
    co_await std::move(service);
  } catch (const std::runtime_error&) {
  }
}

template <class Service>
dwell::task<> accept_all(net::tcp_listener& listener, Service service) {
  co_await dwell::with_task_group([&](dwell::task_group& group) -> dwell::task<> {
    for (;;) {
      auto connection = co_await listener.accept();
      group.spawn(unless_it_fails(service(std::move(connection))));
    }
  });
}

void wait_for_end_of_input() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

net::tcp_listener announced_listener() {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  std::printf("port %u\n", unsigned{listener.local().port()});
  std::fflush(stdout);
  return listener;
}

template <class Service>
dwell::task<> serve_until_input_ends(Service service) {
  auto listener = announced_listener();
  auto accepting = accept_all(listener, std::move(service));
  co_await dwell::race(std::move(accepting), dwell::blocking(wait_for_end_of_input));
}

dwell::task<> serve_tls_until_input_ends(net::tls_server_context as) {
  return serve_until_input_ends([as = std::move(as)](net::tcp_stream connection) {
    return echo_tls(std::move(connection), as);
  });
}

dwell::task<> serve_http_until_input_ends() {
  auto listener = announced_listener();
  dwell::http::server server(answer_as_model, {.most_connections = 10'000});
  auto serving = server.run(listener);
  co_await dwell::race(std::move(serving), dwell::blocking(wait_for_end_of_input));
}

net::tls_server_context context_of(const row& subject) {
  return net::tls_server_context({.certificate_file = subject.get("certificate"),
                                  .certificate_pem = {},
                                  .key_file = subject.get("key"),
                                  .key_pem = {},
                                  .alpn = {}});
}

}  // namespace

int serve_dwell(const row& subject) {
  if (subject.workload == "echo")
    dwell::run(serve_until_input_ends(echo<net::tcp_stream>), settings_of(subject));
  else if (subject.workload == "echo_tls")
    dwell::run(serve_tls_until_input_ends(context_of(subject)), settings_of(subject));
  else if (subject.workload == "http")
    dwell::run(serve_http_until_input_ends(), settings_of(subject));
  else
    return unknown_workload;
  return 0;
}

}  // namespace bench
