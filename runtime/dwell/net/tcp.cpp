#include <utility>

#include <dwell/net/dial.hpp>
#include <dwell/net/error.hpp>
#include <dwell/net/tcp.hpp>

namespace dwell::inline v0::net {

namespace {

os::file_descriptor bound_to(const endpoint& to, const listen_options& options) {
  const auto done = [&to](const os::io_result& result) {
    if (!result.ok()) throw error(result.error, "listen on " + to.to_string());
  };
  os::file_descriptor fd = open_socket_for(to, os::socket_kind::stream);
  done(os::set_option(fd.get(), socket_option::reuse_address, 1));
  if (options.reuse_port) done(os::set_option(fd.get(), socket_option::reuse_port, 1));
  done(os::bind_socket(fd.get(), to));
  return fd;
}

}  // namespace

tcp_stream::tcp_stream(descriptor socket) : stream_socket(std::move(socket)) {
  // What refuses this is a connection that is gone already, and the next call will say so.
  (void)os::set_option(socket_.get(), socket_option::no_delay, 1);
}

task<tcp_stream> tcp_stream::connect(endpoint to) { co_return tcp_stream(co_await dial(to)); }

tcp_listener tcp_listener::bind(const endpoint& to, listen_options options) {
  return tcp_listener(listening_socket(bound_to(to, options), to, options));
}

task<tcp_stream> tcp_listener::accept() { co_return tcp_stream(co_await socket_.accept()); }

}  // namespace dwell::inline v0::net
