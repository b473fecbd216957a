// pipe: bytes in one direction, from the task that writes to the task that reads.
//
//   write: copies into the ring as much as fits; full: waits     ┌──────────┐
//          └──────────────────────────────────────────────────▶  │   ring   │  ──▶ read: copies out
//                                                                └──────────┘      empty: waits
//
// Invariants:
//  1. A reader waits only while the ring is empty, a writer only while it is full. Whoever changes
//     that serves the other before the lock is off: its bytes are copied for it, and then it is
//     woken. So a wait that is called off has moved no byte, and one that was served gives its
//     count, cancelled or not.
//  2. A fault is set once and for all, and ends the waits of its side.
//
// Rejected: a condition and a second try after the wake. A reader that is cancelled between the two
// would have used up a wake-up that somebody else needed.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>

#include <dwell/base/export.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0::net {

class pipe;

/// What a read and a write that wait have in common.
class DWELL_API pipe_wait : public sync::queued_wait {
 protected:
  pipe_wait(const core::wait_kind& kind, pipe& p) noexcept : queued_wait(kind), pipe_(p) {}
  ~pipe_wait() = default;

  /// The bytes that were moved; throws net::error.
  [[nodiscard]] std::size_t result(const char* what);

  pipe& pipe_;
  std::size_t count_ = 0;  // this and fault_: under the lock
  int fault_ = 0;

 private:
  friend class pipe;
};

class DWELL_API pipe_read_wait final : public pipe_wait {
 public:
  pipe_read_wait(pipe* p, bytes to) noexcept : pipe_wait(kind, *p), to_(to) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] std::size_t await_resume() { return result("read from a stream in memory"); }

 private:
  friend class pipe;
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  const bytes to_;
};

class DWELL_API pipe_write_wait final : public pipe_wait {
 public:
  pipe_write_wait(pipe* p, const_bytes from) noexcept : pipe_wait(kind, *p), from_(from) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] std::size_t await_resume() { return result("write to a stream in memory"); }

 private:
  friend class pipe;
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  const const_bytes from_;
};

using pipe_read_op = sync::wait_op<pipe_read_wait, pipe*, bytes>;
using pipe_write_op = sync::wait_op<pipe_write_wait, pipe*, const_bytes>;

/// Any thread; one task at a time may read, and one may write. It must outlive its waits.
class DWELL_API pipe {
 public:
  /// At most `capacity` bytes, at least 1, are on their way. Throws std::bad_alloc.
  explicit pipe(std::size_t capacity);
  pipe(const pipe&) = delete;
  pipe& operator=(const pipe&) = delete;
  ~pipe();

  /// As read_some() and write_some() of a byte_stream.
  [[nodiscard]] pipe_read_op read(bytes to) noexcept { return pipe_read_op(this, to); }
  [[nodiscard]] pipe_write_op write(const_bytes from) noexcept { return pipe_write_op(this, from); }

  /// Reads give what is left, and then 0. Writes fail with EPIPE.
  void end_writing() noexcept;
  /// Nobody will read: writes fail with EPIPE.
  void end_reading() noexcept;
  /// Reads and writes fail with these, at once: what was on its way is lost.
  void abort(int reader_fault, int writer_fault) noexcept;

  /// For who destroys the reader's or the writer's end: stops the program while it is used.
  void refuse_to_leave_reader() const noexcept;
  void refuse_to_leave_writer() const noexcept;

 private:
  friend class pipe_read_wait;
  friend class pipe_write_wait;

  // Under the lock, as the `take` of queued_wait::wait_in.
  [[nodiscard]] bool take(pipe_read_wait& w, sync::granted_waits& granted) noexcept;
  [[nodiscard]] bool put(pipe_write_wait& w, sync::granted_waits& granted) noexcept;
  [[nodiscard]] bool take_alone(pipe_read_wait& w) noexcept;
  [[nodiscard]] bool put_alone(pipe_write_wait& w) noexcept;
  void serve_reader(sync::granted_waits& granted) noexcept;
  void serve_writer(sync::granted_waits& granted) noexcept;
  [[nodiscard]] std::size_t copy_in(const_bytes from) noexcept;
  [[nodiscard]] std::size_t copy_out(bytes to) noexcept;

  mutable os::lock lock_;
  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> ring_;
  // Under the lock.
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  bool ended_ = false;
  int reader_fault_ = 0;
  int writer_fault_ = 0;
  sync::wait_queue reader_{lock_};
  sync::wait_queue writer_{lock_};
};

}  // namespace dwell::inline v0::net
