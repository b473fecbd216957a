// What is served until standard input ends: every connection gets its own bytes back.
#include <array>
#include <cstdio>
#include <iostream>
#include <limits>

#include "io.hpp"
#include "workloads.hpp"
// Behind io.hpp, which tells Boost where coroutines are.
#include <boost/asio/ssl.hpp>

namespace bench {

namespace {

using tcp = asio::ip::tcp;
using stream = asio::basic_stream_socket<tcp, executor>;
using acceptor = asio::basic_socket_acceptor<tcp, executor>;

/// The most that a server reads at once; see ../README.md.
constexpr std::size_t read_bytes = 1'024;

/// `Stream` is a socket, or TLS on one.
template <class Stream>
awaitable<void> answer(Stream client) {
  std::array<char, read_bytes> buffer;
  boost::system::error_code error;
  for (;;) {
    const auto count = co_await client.async_read_some(
        asio::buffer(buffer), asio::redirect_error(use_awaitable<>, error));
    if (error) co_return;  // the client has gone
    co_await asio::async_write(client, asio::buffer(buffer, count),
                               asio::redirect_error(use_awaitable<>, error));
    if (error) co_return;
  }
}

awaitable<void> answer_tls(stream client, asio::ssl::context& context) {
  asio::ssl::stream<stream> session(std::move(client), context);
  boost::system::error_code error;
  co_await session.async_handshake(asio::ssl::stream_base::server,
                                   asio::redirect_error(use_awaitable<>, error));
  if (!error) co_await answer(std::move(session));
}

template <class Answer>
awaitable<void> accept_all(acceptor& listener, Answer answer_to) {
  const auto on = co_await asio::this_coro::executor;
  for (;;) {
    stream client(on);
    co_await listener.async_accept(client, use_awaitable<>);
    client.set_option(tcp::no_delay(true));
    asio::co_spawn(on, answer_to(std::move(client)), asio::detached);
  }
}

template <class Answer>
void serve(const row& subject, Answer answer_to) {
  const auto threads = static_cast<int>(subject.get_number("threads"));
  asio::io_context io(threads);
  acceptor listener(io.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::printf("port %u\n", unsigned{listener.local_endpoint().port()});
  std::fflush(stdout);
  asio::co_spawn(io.get_executor(), accept_all(listener, answer_to), [](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
  });
  std::vector<std::thread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back([&] { io.run(); });
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  io.stop();
  for (auto& each : workers) each.join();
}

}  // namespace

void serve_echo(const row& subject) {
  serve(subject, [](stream client) { return answer(std::move(client)); });
}

void serve_echo_tls(const row& subject) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(subject.get("certificate"));
  context.use_private_key_file(subject.get("key"), asio::ssl::context::pem);
  serve(subject, [&](stream client) { return answer_tls(std::move(client), context); });
}

}  // namespace bench
