// task_status: how a child of task_group::start says that it is ready, and the block in which the
// child and who waits for it meet.
//
//             ┌── started(value) ──▶ ready: the starter goes on with the value
//   waiting ──┼── the child ends ──▶ ready: the starter throws the child's error
//             └── starter cancelled ─▶ abandoned: the child is cancelled; started() throws
//
// One lock decides among the three; the wake-up follows outside of it. While the state is `waiting`
// the child lives, so the starter may cancel it under the lock. start() is rare: a lock is cheap
// enough, and needs no argument about orderings.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/base/outcome.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/sync/oneshot.hpp>

namespace dwell::inline v0 {

/// What `co_await group.start(...)` throws when the child ended without calling started().
class DWELL_API never_started : public std::runtime_error {
 public:
  never_started();
  ~never_started() override;
};

namespace scope {

/// The part of the meeting place that does not depend on what the child has to say.
class DWELL_API start_word {
 public:
  /// The starter, before the child starts.
  void set_child(spawned& child) noexcept { child_ = &child; }

  /// The child: it is ready. Throws cancelled when the starter has given up.
  void ready();
  /// The child: it ends. True: the starter was waiting and gets `error`.
  bool fail(std::exception_ptr error) noexcept;

  /// The starter gives up. False: the child was faster.
  [[nodiscard]] bool abandon() noexcept;
  /// The starter, when the child has spoken: throws the error if there is one.
  void rethrow() const {
    if (error_ != nullptr) std::rethrow_exception(error_);
  }
  [[nodiscard]] sync::oneshot_word& spoken() noexcept { return spoken_; }

 private:
  enum class state : std::uint8_t { waiting, ready, abandoned };

  [[nodiscard]] state claim(state next) noexcept;

  os::lock lock_;
  state state_ = state::waiting;  // under the lock
  spawned* child_ = nullptr;      // lives while the state is waiting
  std::exception_ptr error_;
  sync::oneshot_word spoken_;
};

template <class T>
struct start_block : start_word {
  std::optional<base::stored_t<T>> value;  // the child's before ready(), the starter's after
};

/// Waits until the child has said something.
class start_wait final : public sync::oneshot_wait {
 public:
  using oneshot_wait::oneshot_wait;
  void await_resume() { core::finish_wait(*this); }
};

class start_wait_request {
 public:
  explicit start_wait_request(start_word& word) noexcept : word_(word) {}
  start_wait operator co_await() const noexcept { return start_wait(word_.spoken()); }

 private:
  start_word& word_;
};

}  // namespace scope

/// The first parameter of a child that was given to task_group::start<T>(): what it says to who
/// waits for it. Move-only; belongs to the child.
template <class T = void>
class task_status {
  static_assert(!std::is_reference_v<T>, "start<T&>: say a pointer or a std::reference_wrapper");

 public:
  explicit task_status(std::shared_ptr<scope::start_block<T>> block) noexcept
      : block_(std::move(block)) {}
  task_status(task_status&&) noexcept = default;
  task_status& operator=(task_status&&) = delete;
  // For a child that never ran; another has spoken by now.
  ~task_status() {
    if (block_) fail(core::cancelled_error());
  }

  /// Makes start() return: with a T made of `value`, with nothing for void. Once; a second call
  /// stops the program. Throws dwell::cancelled when the starter was cancelled meanwhile.
  template <class... Value>
  void started(Value&&... value) {
    block_->value.emplace(std::forward<Value>(value)...);
    block_->ready();
  }

  /// Internal: the child ends. True: start() throws `error`.
  bool fail(std::exception_ptr error) noexcept { return block_->fail(std::move(error)); }

 private:
  std::shared_ptr<scope::start_block<T>> block_;
};

namespace scope {

// The child of start(): its error before it is ready is the starter's, and no longer the group's.
template <class T, class F, class... Args>
task<> call_starting(task_status<T> status, F fn, Args... args) {
  try {
    auto body = std::invoke(fn, status, std::move(args)...);
    static_cast<void>(co_await std::move(body));
    status.fail(std::make_exception_ptr(never_started()));
  } catch (...) {
    const std::exception_ptr error = std::current_exception();
    if (!status.fail(error) || core::is_cancelled(error)) throw;
  }
}

}  // namespace scope

}  // namespace dwell::inline v0
