// How a piece of work ended: with a value or with an exception.
//
// libstdc++ 12 has no std::expected, and an exception_ptr is what a coroutine catches anyway.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include <dwell/base/panic.hpp>

namespace dwell::inline v0 {

namespace base {

template <class T>
struct stored {  // how a T is kept: a reference as a pointer, void as a monostate
  using type = T;
};
template <class T>
struct stored<T&> {
  using type = T*;
};
template <>
struct stored<void> {
  using type = std::monostate;
};
template <class T>
using stored_t = typename stored<T>::type;

}  // namespace base

/// The result of a child that was allowed to fail, as gather_settled() gives it: a value of type T
/// or the exception that ended it. Not thread-safe; movable.
template <class T>
class [[nodiscard]] outcome {
 public:
  using value_type = T;

  /// Ended with a value.
  static outcome success(base::stored_t<T> value) {
    return outcome(std::in_place_index<0>, std::move(value));
  }
  /// Ended with `error`, which must not be null.
  static outcome failure(std::exception_ptr error) {
    DWELL_ASSERT(error != nullptr, "a failed outcome carries an exception");
    return outcome(std::in_place_index<1>, std::move(error));
  }

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; rethrows the exception when there is none.
  decltype(auto) value() & { return get(*this); }
  decltype(auto) value() const& { return get(*this); }
  decltype(auto) value() && { return get(std::move(*this)); }
  decltype(auto) operator*() & { return get(*this); }
  decltype(auto) operator*() const& { return get(*this); }
  decltype(auto) operator*() && { return get(std::move(*this)); }
  auto* operator->() requires(!std::is_void_v<T>) { return std::addressof(get(*this)); }
  const auto* operator->() const requires(!std::is_void_v<T>) { return std::addressof(get(*this)); }

  /// The exception; null when there is a value.
  [[nodiscard]] std::exception_ptr error() const noexcept {
    return has_value() ? nullptr : std::get<1>(state_);
  }

 private:
  template <std::size_t I, class U>
  outcome(std::in_place_index_t<I> which, U&& u) : state_(which, std::forward<U>(u)) {}

  template <class Self>
  static decltype(auto) get(Self&& self) {
    if (!self.has_value()) std::rethrow_exception(std::get<1>(self.state_));
    if constexpr (std::is_void_v<T>) {
      return;
    } else if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*std::get<0>(self.state_));
    } else {
      return std::get<0>(std::forward<Self>(self).state_);
    }
  }

  std::variant<base::stored_t<T>, std::exception_ptr> state_;
};

}  // namespace dwell::inline v0
