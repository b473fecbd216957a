// A registered descriptor: what waits until a call on it may succeed.
//
// Every operation of this layer is a loop: try the call, and only when it would block wait for the
// direction's readiness and try again. The loop is a small coroutine from the frame pool; an
// awaiter that makes the call itself was rejected, because a wake-up is a hint and an awaiter
// cannot go back to sleep.
//
// It belongs to the runtime in which it was made: another one's workers would not poll it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/socket.hpp>
#include <dwell/reactor/socket_set.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0::net {

/// Sleeps until a direction is ready. Lives in the leaf's frame.
class DWELL_API readiness_awaiter final : public core::wait {
 public:
  explicit readiness_awaiter(reactor::readiness& awaited) noexcept
      : wait(kind), awaited_(awaited) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) {
    return sleep(self);
  }
  void await_resume();

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  reactor::readiness& awaited_;
  bool slept_ = false;
};

/// What descriptor::readable() and writable() return.
class [[nodiscard("a wait for readiness does nothing until it is awaited")]] readiness_wait {
 public:
  explicit readiness_wait(reactor::readiness & awaited) noexcept : awaited_(&awaited) {}
  readiness_awaiter operator co_await() const noexcept { return readiness_awaiter(*awaited_); }

 private:
  reactor::readiness* awaited_;
};

/// Owns a non-blocking descriptor of anything that epoll takes, registered for its life. Movable
/// while no operation runs on it. One task at a time waits for each direction.
class DWELL_API descriptor {
 public:
  /// None.
  descriptor() noexcept = default;
  /// Takes `fd` over and registers it with the reactor of the calling worker. Throws net::error,
  /// for which `what` says what was tried, and std::bad_alloc. `fd` is closed in any case.
  descriptor(os::file_descriptor fd, const char* what);
  ~descriptor() { close(); }
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;

  /// Closes it. Stops the program when a task waits for it.
  void close() noexcept;

  /// Negative for none.
  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  /// For the call of an operation: stops the program unless it is open and of this runtime.
  [[nodiscard]] int usable() noexcept {
    (void)of_this_runtime();
    return fd_.get();
  }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

  /// Waits for what a read, or an accept, waits for: at once if it happened since the last wait.
  /// A hint: the call may still say that it would block. Cancellable.
  [[nodiscard]] readiness_wait readable() noexcept {
    return readiness_wait(of_this_runtime().read);
  }
  /// As readable(), for a write or a connect.
  [[nodiscard]] readiness_wait writable() noexcept {
    return readiness_wait(of_this_runtime().write);
  }

  /// Whether a read may give something: false only when it would certainly say EAGAIN, because the
  /// last one was short and nothing has happened since. For whoever reads.
  [[nodiscard]] bool worth_reading() noexcept {
    return !drained_ || slot_->read.consume() || hung_up();
  }
  /// A read gave `got` of the `wanted` bytes: with fewer the socket is empty, and an edge will come
  /// when it no longer is. The end of a stream makes an edge too, but one that may have come before
  /// the bytes were read.
  void note_read(std::size_t got, std::size_t wanted) noexcept {
    drained_ = got < wanted && !hung_up();
  }
  /// A read said EAGAIN, or the wait for the next one was called off.
  void note_nothing() noexcept { drained_ = false; }

 private:
  [[nodiscard]] bool hung_up() const noexcept {
    return slot_->hung_up.load(base::relaxed);  // relaxed: set before the edge is announced
  }
  [[nodiscard]] reactor::socket_slot& of_this_runtime() noexcept;

  os::file_descriptor fd_;
  bool drained_ = false;
  reactor::socket_slot* slot_ = nullptr;
  std::shared_ptr<reactor::socket_set> home_;
};

}  // namespace dwell::inline v0::net
