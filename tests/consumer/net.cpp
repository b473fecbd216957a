// A user's program of the component dwell::net: what it links beside the runtime, and exceptions of
// its own caught outside.
#include <cstdio>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/duplex.hpp>
#include <dwell/net/resolver.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

namespace {

dwell::task<bool> refuses_what_is_no_tls() {
  auto [plain, wire] = dwell::net::duplex();
  co_await dwell::net::write_all(plain, dwell::net::bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const dwell::net::tls_client_context context;
  bool refused = false;
  try {
    (void)co_await dwell::net::tls_connect(std::move(wire), context, "server.example");
  } catch (const dwell::net::tls_error& e) {
    std::printf("%s\n", e.what());
    refused = true;
  }
  co_return refused;
}

dwell::task<bool> connects_to_itself_by_name() {
  dwell::net::resolver names;
  auto listener = dwell::net::tcp_listener::bind(dwell::net::endpoint::loopback(0));
  const std::vector<dwell::net::endpoint> found =
      co_await names.resolve("localhost", listener.local().port());
  for (const dwell::net::endpoint& each : found) {
    if (each.family() != dwell::net::endpoint::kind::ipv4) continue;
    const auto client = co_await dwell::net::tcp_stream::connect(each);
    co_return client.is_open();
  }
  co_return false;
}

}  // namespace

int main() {
  const bool good =
      dwell::run(refuses_what_is_no_tls()) && dwell::run(connects_to_itself_by_name());
  std::puts(good ? "good" : "not good");
  return good ? 0 : 1;
}
