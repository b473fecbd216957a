// semaphore: n permits.
//
// First come, first served: a request waits behind those before it even if there are permits enough
// for it alone. So a large request is not starved by small ones; a small one may wait for a large
// one that waits for permits. When the first in line is called off, those behind it may fit.
//
// Rejected: letting the small ones through while the large one waits. It uses the permits better
// and makes the wait of a large request unbounded.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// What semaphore::statistics() tells.
struct semaphore_statistics {
  std::size_t available = 0;
  std::size_t waiters = 0;
  /// How many requests got their permits.
  std::uint64_t acquired = 0;
  /// How many requests had to wait, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
};

/// A number of permits, handed out first come, first served.
///
/// Any thread may release and try. It must outlive its permits and waits; one that is destroyed
/// while a task waits stops the program.
class DWELL_API semaphore {
  class acquire_wait;

 public:
  /// The permits of one acquire, given back when it goes out of scope. Move-only.
  class [[nodiscard("a permit that is dropped is given back at once")]] permit {
   public:
    /// Holds none.
    permit() noexcept = default;
    permit(permit && other) noexcept
        : from_(std::exchange(other.from_, nullptr)), count_(std::exchange(other.count_, 0)) {}
    permit& operator=(permit&& other) noexcept {
      permit(std::move(other)).swap(*this);
      return *this;
    }
    ~permit() { release(); }

    void swap(permit & other) noexcept {
      std::swap(from_, other.from_);
      std::swap(count_, other.count_);
    }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    explicit operator bool() const noexcept { return from_ != nullptr; }

    /// Gives them back now. Any thread; no await.
    void release() noexcept {
      if (from_ != nullptr) std::exchange(from_, nullptr)->release(std::exchange(count_, 0));
    }
    /// Keeps them from coming back by themselves: somebody will call semaphore::release().
    void forget() noexcept {
      from_ = nullptr;
      count_ = 0;
    }

   private:
    friend class semaphore;
    permit(semaphore & from, std::size_t count) noexcept : from_(&from), count_(count) {}

    semaphore* from_ = nullptr;
    std::size_t count_ = 0;
  };

  explicit semaphore(std::size_t permits) noexcept;
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore();

  /// `permit p = co_await s.acquire(n);` waits until n permits are free and nobody is before us.
  /// More than there will ever be wait for ever. Cancellable, without effect; but once the permits
  /// were handed over the await gives them, cancelled or not. Constant time.
  [[nodiscard]] sync::wait_op<acquire_wait, semaphore*, std::size_t> acquire(
      std::size_t n = 1) noexcept;

  /// Takes n permits if that needs no waiting and overtakes nobody; empty otherwise.
  [[nodiscard]] std::optional<permit> try_acquire(std::size_t n = 1) noexcept;

  /// Adds n permits and lets in whom they suffice for. Any thread; no await. For permits that no
  /// permit object gives back: forgotten ones, new ones. Linear in those let in.
  void release(std::size_t n = 1) noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] semaphore_statistics statistics() const noexcept;

 private:
  // Under the lock.
  [[nodiscard]] bool take(std::size_t n) noexcept;
  [[nodiscard]] bool take_in_turn(std::size_t n) noexcept;
  void admit(sync::granted_waits& granted) noexcept;

  mutable os::lock lock_;
  std::size_t available_;  // this and what follows: under the lock
  std::uint64_t acquired_ = 0;
  sync::wait_queue waiters_{lock_};
};

class DWELL_API semaphore::acquire_wait final : public sync::queued_wait {
 public:
  acquire_wait(semaphore* s, std::size_t n) noexcept
      : queued_wait(kind), semaphore_(*s), count_(n) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] permit await_resume() {
    core::finish_wait(*this);
    return permit(semaphore_, count_);
  }

 private:
  friend class semaphore;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  semaphore& semaphore_;
  const std::size_t count_;
};

inline sync::wait_op<semaphore::acquire_wait, semaphore*, std::size_t> semaphore::acquire(
    std::size_t n) noexcept {
  return sync::wait_op<acquire_wait, semaphore*, std::size_t>(this, n);
}

}  // namespace dwell::inline v0
