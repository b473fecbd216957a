// Where a coroutine keeps what it ends with, until its awaiter takes it.
#pragma once

#include <exception>
#include <memory>
#include <utility>

#include <dwell/base/outcome.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/frame_header.hpp>

namespace dwell::inline v0::core {

/// Says what lies in a result_slot that stands alone.
struct lone_tag {
  ended_with end = ended_with::nothing;
};

/// Nothing, a value or an exception, behind a header that says which: a promise has it in its frame
/// header, so that an 8-byte value costs it no more than 8 bytes.
template <class T, class Header = lone_tag>
class result_slot : public Header {
  using stored = base::stored_t<T>;
  static_assert(
      alignof(stored) <= 16,
      "task<T>: T is aligned to more than 16 bytes, more than a coroutine frame promises; "
      "return a std::unique_ptr<T> instead");

 public:
  template <class... Args>
  explicit result_slot(Args&&... header) noexcept : Header(std::forward<Args>(header)...) {}
  result_slot(const result_slot&) = delete;
  result_slot& operator=(const result_slot&) = delete;
  ~result_slot() {
    if (has_value()) std::destroy_at(&value_);
    if (has_error()) std::destroy_at(&error_);
  }

  template <class... Args>
  void emplace(Args&&... args) {
    std::construct_at(&value_, std::forward<Args>(args)...);
    this->end = ended_with::value;
  }
  void fail(std::exception_ptr error) noexcept {
    // A local's destructor may throw after co_return gave a value: the exception wins.
    if (has_value()) std::destroy_at(&value_);
    std::construct_at(&error_, std::move(error));
    this->end = ended_with::error;
  }

  [[nodiscard]] bool has_value() const noexcept { return this->end == ended_with::value; }
  [[nodiscard]] bool has_error() const noexcept { return this->end == ended_with::error; }
  /// The exception; only when has_error().
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  /// The value as kept (a pointer for a reference, a monostate for void); only when has_value().
  [[nodiscard]] stored&& take() noexcept {
    DWELL_ASSERT(has_value(), "a result is taken from a coroutine that gave one");
    return std::move(value_);
  }
  /// What the coroutine has ended with; a cancellation if it never ran. An exception of T's move
  /// constructor takes the value's place.
  [[nodiscard]] outcome<T> take_outcome() noexcept {
    try {
      if (has_value()) return outcome<T>::success(take());
    } catch (...) {
      return outcome<T>::failure(std::current_exception());
    }
    return outcome<T>::failure(has_error() ? error() : cancelled_error());
  }

 private:
  union {
    stored value_;
    std::exception_ptr error_;
  };
};

}  // namespace dwell::inline v0::core
