// A user's program of the component dwell::http: a handler, and a stream of events, over a
// connection in memory; and a client of the same handler.
#include <cstdio>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/http/server.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/net/duplex.hpp>
#include <dwell/net/tcp.hpp>

namespace {

namespace http = dwell::http;
namespace net = dwell::net;

dwell::task<> count(http::body_writer& out) {
  for (int i = 1; i <= 3; ++i) {
    const std::string data = std::to_string(i);
    std::string text;
    http::sse::write_event(text, {.data = data});
    co_await out.write(text);
  }
}

dwell::task<http::response> answer(http::request& asked) {
  if (asked.path() != "/count") throw http::status_error(404, "there is only /count");
  co_return http::response::streamed(&count, "text/event-stream");
}

dwell::task<bool> talks_to_itself() {
  http::server server(&answer);
  auto [here, there] = net::duplex();
  auto serving = dwell::spawn(server.serve(std::move(there)));
  co_await net::write_all(here, net::bytes_of("GET /count HTTP/1.1\r\nHost: a\r\n\r\n"
                                              "GET / HTTP/1.0\r\n\r\n"));
  std::string got;
  std::byte room[1000];
  while (const std::size_t some = co_await here.read_some(room))
    got += net::text_of(net::const_bytes(room, some));
  here = net::duplex_stream();
  co_await serving;
  std::printf("%s\n", got.c_str());
  const bool has_stream = got.find("data: 3\n\n") != std::string::npos;
  const bool has_refusal = got.find("HTTP/1.1 404 Not Found\r\n") != std::string::npos;
  const bool good = has_stream && has_refusal;
  co_return good;
}

dwell::task<bool> asks_itself() {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  http::server server(&answer);
  auto serving = dwell::spawn(server.run(listener));
  bool good = false;
  {
    http::client client;
    http::client_response counted =
        co_await client.get("http://" + listener.local().to_string() + "/count");
    const std::string text = co_await counted.text();
    good = counted.ok() && text.find("data: 3\n\n") != std::string::npos;
  }
  server.stop();
  co_await serving;
  co_return good;
}

dwell::task<bool> both_ways() {
  const bool over_memory = co_await talks_to_itself();
  const bool over_sockets = co_await asks_itself();
  co_return over_memory&& over_sockets;
}

}  // namespace

int main() {
  const bool good = dwell::run(both_ways());
  std::puts(good ? "good" : "not good");
  return good ? 0 : 1;
}
