// oneshot<T>: one value from anywhere to one waiting coroutine. The door through which callbacks
// and foreign threads enter.
//
//   word:  empty ──receiver waits──▶ waiting(address) ──send or close──▶ done, receiver woken
//            └────send or close────▶ done
//
// Sender and receiver share a block; the last of the two frees it.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/base/outcome.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/outside_waker.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

/// What `co_await receiver` throws when the sender went away without sending.
class DWELL_API oneshot_closed : public std::runtime_error {
 public:
  oneshot_closed();
  ~oneshot_closed() override;
};

namespace sync {

class oneshot_wait;

/// The part of the shared block that does not depend on T.
class DWELL_API oneshot_word {
 public:
  /// The sender: the value is there, or never will be. Once.
  void finish() noexcept;
  [[nodiscard]] bool finished() const noexcept {
    return word_.load(base::acquire) == done;  // acquire: pairs with the release in finish()
  }
  /// False: finished.
  [[nodiscard]] bool add_waiter(oneshot_wait& w) noexcept;
  /// True: it will not be woken.
  [[nodiscard]] bool remove_waiter(oneshot_wait& w) noexcept;

 private:
  static constexpr std::uintptr_t empty = 0;
  static constexpr std::uintptr_t done = 1;
  base::atomic<std::uintptr_t> word_{empty};
};

class DWELL_API oneshot_wait : public core::wait {
 public:
  explicit oneshot_wait(oneshot_word& word) noexcept : wait(kind), word_(word) {}

  // Never ready at once: a cancelled scope must show, and the turn's budget be spent.
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] core::executor& home() const noexcept { return *home_; }

 protected:
  ~oneshot_wait() = default;

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  oneshot_word& word_;
  core::executor* home_ = nullptr;
};

template <class T>
struct oneshot_block {
  oneshot_word word;
  std::optional<base::stored_t<T>> value;  // the sender's before finish(), the receiver's after
};

}  // namespace sync

/// The sending end. Move-only; send() from any thread, once. Dropping it unsent closes the oneshot.
/// While it lives the deadlock report holds its peace: a foreign thread may hold it.
template <class T>
class oneshot_sender {
  static_assert(!std::is_reference_v<T>, "oneshot<T&>: send a pointer or a std::reference_wrapper");

 public:
  explicit oneshot_sender(std::shared_ptr<sync::oneshot_block<T>> block)
      : block_(std::move(block)), may_wake_(std::make_unique<core::outside_waker>()) {}
  oneshot_sender(oneshot_sender&&) noexcept = default;
  oneshot_sender& operator=(oneshot_sender&& other) noexcept {
    oneshot_sender(std::move(other)).swap(*this);
    return *this;
  }
  ~oneshot_sender() {
    if (block_) block_->word.finish();
  }

  void swap(oneshot_sender& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(may_wake_, other.may_wake_);
  }

  /// Hands the value over and wakes the receiver. Never blocks. A second send stops the program.
  template <class... Args>
  void send(Args&&... args) {
    if (!block_) base::panic("oneshot_sender", "sent already; a oneshot carries one value");
    block_->value.emplace(std::forward<Args>(args)...);
    std::exchange(block_, nullptr)->word.finish();
    may_wake_.reset();
  }

 private:
  std::shared_ptr<sync::oneshot_block<T>> block_;
  std::unique_ptr<core::outside_waker> may_wake_;
};

/// The receiving end: `co_await receiver` gives the value, once, or throws oneshot_closed.
/// Cancellable; a cancelled wait loses nothing: the value is there for the next await.
template <class T>
class oneshot_receiver {
 public:
  explicit oneshot_receiver(std::shared_ptr<sync::oneshot_block<T>> block)
      : block_(std::move(block)) {}

  auto operator co_await() noexcept { return awaiter(*block_); }

 private:
  class awaiter final : public sync::oneshot_wait {
   public:
    explicit awaiter(sync::oneshot_block<T>& block) noexcept
        : oneshot_wait(block.word), block_(block) {}

    T await_resume() {
      core::finish_wait(*this);
      if (!block_.value) throw oneshot_closed();
      auto value = *std::exchange(block_.value, std::nullopt);
      if constexpr (!std::is_void_v<T>) return value;
    }

   private:
    sync::oneshot_block<T>& block_;
  };

  std::shared_ptr<sync::oneshot_block<T>> block_;
};

/// A sender and a receiver of one T. T may be void: send() then takes nothing.
template <class T>
[[nodiscard]] std::pair<oneshot_sender<T>, oneshot_receiver<T>> make_oneshot() {
  auto block = std::make_shared<sync::oneshot_block<T>>();
  return {oneshot_sender<T>(block), oneshot_receiver<T>(block)};
}

}  // namespace dwell::inline v0
