// Reading from a descriptor and writing to it: the call first, and a wait only when it would block.
// Not installed.
#pragma once

#include <cstddef>
#include <type_traits>

#include <dwell/net/descriptor.hpp>
#include <dwell/net/error.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::net {

/// Reads at least one byte: `receive` tries once, `wanted` is how much it could give, and `what` is
/// what a net::error says.
template <class Receive>
task<std::size_t> read_with(descriptor& socket, const char* what, std::size_t wanted,
                            Receive receive) {
  co_await checkpoint();
  if (wanted == 0) co_return 0;
  for (;;) {
    if (socket.worth_reading()) {
      const os::io_result got = receive();
      if (got.ok()) {
        socket.note_read(got.count(), wanted);
        co_return got.count();
      }
      if (!got.would_block()) throw error(got.error, what);
    }
    socket.note_nothing();
    co_await socket.readable();
  }
}

/// `send` tries once, and again after each wait, until the system takes something. A Result says
/// how many bytes; void is for what goes whole or not at all.
template <class Result = std::size_t, class Send>
task<Result> write_with(descriptor& socket, const char* what, Send send) {
  co_await checkpoint();
  for (;;) {
    const os::io_result sent = send();
    if (sent.ok()) {
      if constexpr (std::is_void_v<Result>)
        co_return;
      else
        co_return sent.count();
    }
    if (!sent.would_block()) throw error(sent.error, what);
    co_await socket.writable();
  }
}

}  // namespace dwell::inline v0::net
