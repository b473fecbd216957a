#include <chrono>
#include <utility>

#include <dwell/net/tcp.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

namespace {

using std::chrono::milliseconds;

os::file_descriptor opened(const endpoint& for_this) {
  const os::io_result made = os::open_socket(for_this.family());
  if (!made.ok()) throw error(made.error, "open a socket for " + for_this.to_string());
  return os::file_descriptor(static_cast<int>(made.value));
}

// What a single connection suffered before it could be accepted, or a lack that others cause: the
// listener itself is well. The list is accept(2)'s.
bool concerns_one_connection(int error) noexcept {
  switch (error) {
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

bool is_starved(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// The connection stays in the system's queue, and no edge will tell of it again: so the next try
// comes after a pause, without a wait for readiness.
constexpr milliseconds starved_pause{100};

}  // namespace

tcp_stream::tcp_stream(descriptor socket) : stream_socket(std::move(socket)) {
  // What refuses this is a connection that is gone already, and the next call will say so.
  (void)os::set_option(socket_.get(), socket_option::no_delay, 1);
}

task<tcp_stream> tcp_stream::connect(endpoint to) {
  co_await checkpoint();
  os::file_descriptor fd = opened(to);
  os::io_result done = os::connect_to(fd.get(), to);
  const auto failed = [&to](int code) { return error(code, "connect to " + to.to_string()); };
  if (!done.ok() && done.error != EINPROGRESS) throw failed(done.error);
  // Registered only now: a socket that does not connect yet counts as hung up.
  descriptor socket(std::move(fd), "connect");
  while (done.error == EINPROGRESS) {
    co_await socket.writable();
    done = os::connect_result(socket.get());
  }
  if (!done.ok()) throw failed(done.error);
  co_return tcp_stream(std::move(socket));
}

tcp_listener tcp_listener::bind(const endpoint& to, listen_options options) {
  const auto done = [&to](const os::io_result& result) {
    if (!result.ok()) throw error(result.error, "listen on " + to.to_string());
  };
  os::file_descriptor fd = opened(to);
  done(os::set_option(fd.get(), socket_option::reuse_address, 1));
  if (options.reuse_port) done(os::set_option(fd.get(), socket_option::reuse_port, 1));
  done(os::bind_socket(fd.get(), to));
  done(os::listen_on(fd.get(), options.backlog));
  return tcp_listener(descriptor(std::move(fd), "listen"));
}

task<tcp_stream> tcp_listener::accept() {
  co_await checkpoint();
  for (;;) {
    endpoint peer;
    const os::io_result got = os::accept_from(socket_.usable(), peer);
    if (got.ok()) {
      os::file_descriptor fd(static_cast<int>(got.value));
      co_return tcp_stream(descriptor(std::move(fd), "accept"));
    }
    if (got.would_block()) {
      co_await socket_.readable();
    } else if (is_starved(got.error)) {
      ++starved_;
      co_await sleep_for(starved_pause);
    } else if (!concerns_one_connection(got.error)) {
      throw error(got.error, "accept on " + local().to_string());
    }
  }
}

}  // namespace dwell::inline v0::net
