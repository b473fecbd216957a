// An HTTP server and its client, in one program: an answer, one that is read while it is written,
// and three at once.
//
//   $ ./10_http
//   200 hello, ada
//   3 2 1 lift-off
//   hello, alan; hello, barbara; hello, grace
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/tcp.hpp>

namespace {

using namespace std::chrono_literals;
namespace http = dwell::http;
namespace net = dwell::net;

// ---- The server ----

dwell::task<> count_down(http::body_writer& out) {
  for (const char* const part : {"3 ", "2 ", "1 ", "lift-off"}) {
    co_await out.write(part);
    co_await dwell::sleep_for(10ms);
  }
}

dwell::task<http::response> answer(http::request& asked) {
  if (asked.path() == "/countdown") co_return http::response::streamed(&count_down, "text/plain");
  std::string greeting = "hello, " + std::string(asked.path().substr(1));
  co_return http::response(200, std::move(greeting));
}

// ---- The client ----

dwell::task<std::string> greeting(http::client& client, std::string url) {
  http::client_response answer = co_await client.get(std::move(url));
  co_return co_await answer.text();
}

dwell::task<std::string> as_it_comes(http::client& client, std::string url) {
  http::client_response answer = co_await client.get(std::move(url));
  std::string all;
  for (;;) {
    const std::string part = co_await answer.next();
    if (part.empty()) co_return all;
    std::printf("%s", part.c_str());
    all += part;
  }
}

dwell::task<bool> ask(std::string server) {
  http::client client;
  http::client_response ada = co_await client.get(server + "/ada");
  const std::string text = co_await ada.text();
  std::printf("%d %s\n", ada.status, text.c_str());
  const std::string counted = co_await as_it_comes(client, server + "/countdown");
  auto three =
      dwell::gather(greeting(client, server + "/alan"), greeting(client, server + "/barbara"),
                    greeting(client, server + "/grace"));
  const auto [alan, barbara, grace] = co_await std::move(three);
  std::printf("\n%s; %s; %s\n", alan.c_str(), barbara.c_str(), grace.c_str());
  co_return ada.ok() && counted == "3 2 1 lift-off" && grace == "hello, grace";
}

dwell::task<bool> amain() {
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  http::server server(&answer);
  // Whichever ends first ends the other: the server goes when the client is done.
  const std::string url = "http://" + listener.local().to_string();
  auto both = dwell::race(server.run(listener), dwell::timeout(30s, ask(url)));
  const auto ended = co_await std::move(both);
  co_return std::get<1>(ended);
}

}  // namespace

int main() { return dwell::run(amain()) ? 0 : 1; }
