#include <string>
#include <utility>

#include <dwell/net/dial.hpp>
#include <dwell/net/error.hpp>
#include <dwell/net/unix.hpp>

namespace dwell::inline v0::net {

namespace {

bool is_abstract(std::string_view path) noexcept { return path.starts_with('@'); }

// A socket on which nobody listens any more: a live listener takes a connection, or has a line that
// is full. Another file refuses connections too, and is somebody's.
bool is_abandoned(const endpoint& at) {
  if (!os::socket_file::is_at(at.address())) return false;
  const os::file_descriptor fd = open_socket_for(at, os::socket_kind::stream);
  return os::connect_to(fd.get(), at).error == ECONNREFUSED;
}

os::file_descriptor bound_to(const endpoint& to) {
  os::file_descriptor fd = open_socket_for(to, os::socket_kind::stream);
  os::io_result done = os::bind_socket(fd.get(), to);
  if (done.error == EADDRINUSE && is_abandoned(to)) {
    os::socket_file(to.address()).remove();
    done = os::bind_socket(fd.get(), to);
  }
  if (!done.ok()) throw error(done.error, "listen on " + to.to_string());
  return fd;
}

}  // namespace

task<unix_stream> unix_stream::connect(std::string_view path) {
  // Not in a coroutine's frame: the text need not live on.
  return [](endpoint to) -> task<unix_stream> {
    co_return unix_stream(co_await dial(to));
  }(endpoint::unix_socket(path));
}

unix_listener unix_listener::bind(std::string_view path, listen_options options) {
  const endpoint to = endpoint::unix_socket(path);
  os::file_descriptor fd = bound_to(to);
  os::socket_file file;
  if (!is_abstract(path)) file = os::socket_file(std::string(path));
  return {listening_socket(std::move(fd), to, options), std::move(file)};
}

task<unix_stream> unix_listener::accept() { co_return unix_stream(co_await socket_.accept()); }

void unix_listener::close() noexcept {
  file_.remove();
  socket_.close();
}

}  // namespace dwell::inline v0::net
