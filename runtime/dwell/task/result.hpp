// Where a coroutine keeps what it ends with, until its awaiter takes it.
#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include <dwell/base/outcome.hpp>
#include <dwell/base/panic.hpp>

namespace dwell::inline v0::core {

/// Empty, a value or an exception; a tag and a union, so that an 8-byte value costs a promise no
/// more than 8 bytes (the tag sits in the padding behind the header).
template <class T>
class result_slot {
  using stored = base::stored_t<T>;
  static_assert(
      alignof(stored) <= 16,
      "task<T>: T is aligned to more than 16 bytes, more than a coroutine frame promises; "
      "return a std::unique_ptr<T> instead");

 public:
  result_slot() noexcept {}
  result_slot(const result_slot&) = delete;
  result_slot& operator=(const result_slot&) = delete;
  ~result_slot() {
    if (tag_ == tag::value) std::destroy_at(&value_);
    if (tag_ == tag::error) std::destroy_at(&error_);
  }

  template <class... Args>
  void emplace(Args&&... args) {
    std::construct_at(&value_, std::forward<Args>(args)...);
    tag_ = tag::value;
  }
  void fail(std::exception_ptr error) noexcept {
    // A local's destructor may throw after co_return gave a value: the exception wins.
    if (tag_ == tag::value) std::destroy_at(&value_);
    std::construct_at(&error_, std::move(error));
    tag_ = tag::error;
  }

  [[nodiscard]] bool has_value() const noexcept { return tag_ == tag::value; }
  [[nodiscard]] bool has_error() const noexcept { return tag_ == tag::error; }
  /// The exception; only when has_error().
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }
  /// The value as kept (a pointer for a reference, a monostate for void); only when has_value().
  [[nodiscard]] stored&& take() noexcept {
    DWELL_ASSERT(has_value(), "a result is taken from a coroutine that gave one");
    return std::move(value_);
  }

 private:
  enum class tag : std::uint8_t { empty, value, error };

  tag tag_ = tag::empty;
  union {
    stored value_;
    std::exception_ptr error_;
  };
};

}  // namespace dwell::inline v0::core
