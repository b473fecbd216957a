// The poller and the sockets registered with it. Shared by the reactor, which waits in it, and the
// sockets, some of which may be closed after the runtime that made them has ended.
#pragma once

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <dwell/os/poller.hpp>
#include <dwell/reactor/socket_table.hpp>

namespace dwell::inline v0::reactor {

class socket_set {
 public:
  explicit socket_set(std::unique_ptr<os::poller> poller) noexcept : poller_(std::move(poller)) {}

  /// Registers for life. Throws std::system_error and std::bad_alloc. Any thread.
  [[nodiscard]] socket_slot& add(int fd) {
    socket_slot& slot = table_.take();
    if (const int error = poller_->add(fd, slot.token()); error != 0) {
      table_.give_back(slot);
      throw std::system_error(error, std::generic_category(), "dwell: registering a socket");
    }
    return slot;
  }
  /// Before `fd` is closed. Nobody may wait on it. Any thread.
  void remove(int fd, socket_slot& slot) noexcept {
    poller_->remove(fd);
    table_.give_back(slot);
  }

  [[nodiscard]] os::poller& poller() noexcept { return *poller_; }
  [[nodiscard]] socket_table& table() noexcept { return table_; }

 private:
  const std::unique_ptr<os::poller> poller_;
  socket_table table_;
};

}  // namespace dwell::inline v0::reactor
