#include <chrono>

#include <dwell/net/error.hpp>
#include <dwell/net/listening_socket.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

namespace {

using std::chrono::milliseconds;

os::file_descriptor listening(os::file_descriptor bound, const endpoint& to, int backlog) {
  const os::io_result done = os::listen_on(bound.get(), backlog);
  if (!done.ok()) throw error(done.error, "listen on " + to.to_string());
  return bound;
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

listening_socket::listening_socket(os::file_descriptor bound, const endpoint& to,
                                   const listen_options& options)
    : socket_(listening(std::move(bound), to, options.backlog), "listen") {}

task<descriptor> listening_socket::accept() {
  co_await checkpoint();
  for (;;) {
    endpoint peer;
    const os::io_result got = os::accept_from(socket_.usable(), peer);
    if (got.ok()) {
      os::file_descriptor fd(static_cast<int>(got.value));
      co_return descriptor(std::move(fd), "accept");
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
