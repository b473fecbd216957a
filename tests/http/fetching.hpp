// A server on loopback for the tests of the client, and what they ask of it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

#include "http/handlers.hpp"
#include "net/on_reactors.hpp"
#include "net/reading.hpp"

namespace dwell_test {

namespace http = dwell::http;
namespace net = dwell::net;

/// Runs once for each way of waiting for sockets; counts what nobody observed.
using fetching = on_reactors;

inline auto in_tls(net::tls_server_context context) {
  return [context = std::move(context)](net::tcp_stream stream) {
    return net::tls_accept(std::move(stream), context);
  };
}

/// A server that runs until stop() or die(), one of which must be awaited.
class served {
 public:
  explicit served(http::handler answer, http::server_options options = hasty())
      : listener_(net::tcp_listener::bind(net::endpoint::loopback(0))),
        server_(std::move(answer), options),
        running_(dwell::spawn(server_.run(listener_))) {}
  /// In TLS, as "127.0.0.1" or server_host.
  served(http::handler answer, net::tls_server_context context)
      : scheme_("https://"),
        listener_(net::tcp_listener::bind(net::endpoint::loopback(0))),
        server_(std::move(answer), hasty()),
        running_(dwell::spawn(server_.run(listener_, in_tls(std::move(context))))) {}

  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return scheme_ + listener_.local().to_string() + target;
  }
  [[nodiscard]] net::endpoint at() const { return listener_.local(); }
  [[nodiscard]] http::server_statistics statistics() const noexcept { return server_.statistics(); }

  dwell::task<> stop() {
    server_.stop();
    co_await running_;
  }
  /// Instead of stop(): breaks off what it answers.
  dwell::task<> die() {
    (void)running_.cancel();
    co_await running_.wait();
  }

  /// A client that keeps its connections does not notice that the server has ended them.
  static http::server_options hasty() {
    http::server_options options;
    options.linger_time = std::chrono::milliseconds(1);
    return options;
  }

 private:
  const std::string scheme_ = "http://";
  net::tcp_listener listener_;
  http::server server_;
  dwell::join_handle<> running_;
};

/// A server that is a function of one connection; it accepts one after the other.
class raw_server {
 public:
  using conversation = std::function<dwell::task<>(net::tcp_stream&)>;

  explicit raw_server(conversation talk)
      : listener_(net::tcp_listener::bind(net::endpoint::loopback(0))),
        running_(dwell::spawn(run(listener_, std::move(talk)))) {}

  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return "http://" + listener_.local().to_string() + target;
  }
  [[nodiscard]] net::endpoint at() const { return listener_.local(); }
  dwell::task<> stop() {
    (void)running_.cancel();
    co_await running_.wait();
  }

 private:
  static dwell::task<> run(net::tcp_listener& listener, conversation talk) {
    for (;;) {
      net::tcp_stream stream = co_await listener.accept();
      co_await talk(stream);
    }
  }

  net::tcp_listener listener_;
  dwell::join_handle<> running_;
};

/// Reads until the end of a head.
inline dwell::task<std::string> read_head(net::tcp_stream& from) {
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const std::string part = co_await read_text(from, 1000);
    if (part.empty()) break;
    head += part;
  }
  co_return head;
}

inline dwell::task<> write_text(net::tcp_stream& to, std::string text) {
  co_await net::write_all(to, net::bytes_of(text));
}

/// How a request failed; nothing, if it did not.
struct fetch_fault {
  http::delivery how_far;
  http::request_failure reason;
  std::string what;
};
template <class T>
dwell::task<std::optional<fetch_fault>> fetch_fault_of(dwell::task<T> fetch) {
  try {
    (void)co_await std::move(fetch);
  } catch (const http::request_error& e) {
    co_return fetch_fault{e.how_far(), e.reason(), e.what()};
  }
  co_return std::nullopt;
}

/// All of an answer's body.
inline dwell::task<std::string> fetch_text(http::client& client, std::string url) {
  http::client_response answer = co_await client.get(std::move(url));
  co_return co_await answer.text();
}

}  // namespace dwell_test
