// A client by hand: it sends bytes over a connection in memory, and sees what comes back.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/duplex.hpp>

#include "http/answers.hpp"
#include "net/reading.hpp"

namespace dwell_test {

namespace http = dwell::http;
namespace net = dwell::net;

/// A connection to `server`, whose end of it is served until the handle's task ends.
struct talk {
  explicit talk(http::server& server, std::size_t capacity = std::size_t{64} * 1024)
      : talk(server, net::duplex(capacity)) {}

  dwell::task<> send(std::string text) { co_await net::write_all(here, net::bytes_of(text)); }

  /// Everything until the server closes.
  dwell::task<std::string> rest() { co_return co_await read_all(here, 1000); }

  /// Reads until `n` answers are complete.
  dwell::task<std::vector<answer>> answers(std::size_t n) {
    for (;;) {
      std::vector<answer> all = all_answers(received);
      if (all.size() >= n && all[n - 1].complete) co_return all;
      const std::string part = co_await read_text(here, 1000);
      if (part.empty()) co_return all;
      received += part;
    }
  }

  /// Leaves, and waits until the server has noticed.
  dwell::task<> hang_up() {
    here = net::duplex_stream();
    co_await served;
  }

  net::duplex_stream here;
  dwell::join_handle<> served;
  std::string received{};

 private:
  talk(http::server& server, std::pair<net::duplex_stream, net::duplex_stream> ends)
      : here(std::move(ends.first)), served(dwell::spawn(server.serve(std::move(ends.second)))) {}
};

/// Sends all of `text`, which makes the server close, and gives what comes back.
inline dwell::task<std::vector<answer>> ask(http::server& server, std::string text) {
  talk t(server);
  auto both = dwell::gather(t.send(std::move(text)), t.rest());
  const auto results = co_await std::move(both);
  co_await t.hang_up();
  co_return all_answers(std::get<1>(results));
}

/// A request without a body.
inline std::string get(std::string_view target, std::string_view lines = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}
/// The last one of a connection.
inline std::string last_get(std::string_view target) {
  return get(target, "Connection: close\r\n");
}

/// A request with a body.
inline std::string post(std::string_view target, std::string_view body,
                        std::string_view lines = "") {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(lines) + "\r\n" + std::string(body);
}
inline std::string chunk(std::string_view text) {
  char size[20];
  (void)std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + std::string(text) + "\r\n";
}
/// Each text a chunk. No list of them in braces: GCC 12 loses those within a co_await.
template <class... Chunks>
std::string post_chunked(std::string_view target, const Chunks&... chunks) {
  const std::string head =
      "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  return (head + ... + chunk(chunks)) + "0\r\n\r\n";
}

}  // namespace dwell_test
