#include <chrono>

#include <dwell/net/dial.hpp>
#include <dwell/net/error.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

namespace {

// A Unix socket whose line is full says EAGAIN, and nothing tells when the line has moved.
constexpr std::chrono::milliseconds full_line_pause{1};

task<os::io_result> begin_to_connect(const os::file_descriptor& fd, const endpoint& to) {
  for (;;) {
    const os::io_result begun = os::connect_to(fd.get(), to);
    if (!begun.would_block()) co_return begun;
    co_await sleep_for(full_line_pause);
  }
}

}  // namespace

os::file_descriptor open_socket_for(const endpoint& to, os::socket_kind kind) {
  const os::io_result made = os::open_socket(to.family(), kind);
  if (!made.ok()) throw error(made.error, "open a socket for " + to.to_string());
  return os::file_descriptor(static_cast<int>(made.value));
}

task<descriptor> dial(endpoint to) {
  co_await checkpoint();
  os::file_descriptor fd = open_socket_for(to, os::socket_kind::stream);
  os::io_result done = co_await begin_to_connect(fd, to);
  const auto failed = [&to](int code) { return error(code, "connect to " + to.to_string()); };
  if (!done.ok() && done.error != EINPROGRESS) throw failed(done.error);
  // Registered only now: a socket that does not connect yet counts as hung up.
  descriptor socket(std::move(fd), "connect");
  while (done.error == EINPROGRESS) {
    co_await socket.writable();
    done = os::connect_result(socket.get());
  }
  if (!done.ok()) throw failed(done.error);
  co_return socket;
}

}  // namespace dwell::inline v0::net
