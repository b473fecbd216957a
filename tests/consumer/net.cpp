// A user's program of the component dwell::net: what it links beside the runtime, and exceptions of
// its own caught outside.
#include <cstdio>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/duplex.hpp>
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

}  // namespace

int main() { return dwell::run(refuses_what_is_no_tls()) ? 0 : 1; }
