// std::atomic's interface over the explorer.
//
// The object is as large as its value, so layout assertions of production code hold; everything
// else the explorer keeps by address. Outside of an exploration it is ordinary memory (static
// initialisers), and its bytes stay the initial value of every execution. Each operation takes its
// caller's source_location for the trace. Left out: wait/notify (Dwell blocks on os::futex_wait
// only) and values above eight bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "execution.hpp"

namespace model {

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  using order = std::memory_order;
  using source = std::source_location;
  using step = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  constexpr atomic(T value, source where = source::current()) noexcept : value_(value) {
    if (!std::is_constant_evaluated() && exploring()) now().born(self(where), bits(value));
  }
  constexpr ~atomic() {
    if (!std::is_constant_evaluated() && exploring()) now().died(self({}));
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  bool is_lock_free() const noexcept { return true; }

  T load(order o = order::seq_cst, source where = source::current()) const noexcept {
    if (!exploring()) return value_;
    return typed(now().load(self(where), o));
  }

  void store(T value, order o = order::seq_cst, source where = source::current()) noexcept {
    if (!exploring())
      value_ = value;
    else
      now().write(self(where), bits(value), o);
  }

  T exchange(T value, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([value](T) { return value; }, o, where);
  }

  bool compare_exchange_strong(T& expected, T desired, order success, order failure,
                               source where = source::current()) noexcept {
    return compare_exchange(expected, desired, success, failure, false, where);
  }
  bool compare_exchange_strong(T& expected, T desired, order o = order::seq_cst,
                               source where = source::current()) noexcept {
    return compare_exchange(expected, desired, o, failing(o), false, where);
  }
  bool compare_exchange_weak(T& expected, T desired, order success, order failure,
                             source where = source::current()) noexcept {
    return compare_exchange(expected, desired, success, failure, true, where);
  }
  bool compare_exchange_weak(T& expected, T desired, order o = order::seq_cst,
                             source where = source::current()) noexcept {
    return compare_exchange(expected, desired, o, failing(o), true, where);
  }

  T fetch_add(step n, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([n](T v) { return static_cast<T>(v + n); }, o, where);
  }
  T fetch_sub(step n, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([n](T v) { return static_cast<T>(v - n); }, o, where);
  }
  T fetch_and(T n, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([n](T v) { return static_cast<T>(v & n); }, o, where);
  }
  T fetch_or(T n, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([n](T v) { return static_cast<T>(v | n); }, o, where);
  }
  T fetch_xor(T n, order o = order::seq_cst, source where = source::current()) noexcept {
    return update([n](T v) { return static_cast<T>(v ^ n); }, o, where);
  }

  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }
  T operator++() noexcept { return static_cast<T>(fetch_add(1) + 1); }
  T operator--() noexcept { return static_cast<T>(fetch_sub(1) - 1); }
  T operator++(int) noexcept { return fetch_add(1); }
  T operator--(int) noexcept { return fetch_sub(1); }
  T operator+=(step n) noexcept { return static_cast<T>(fetch_add(n) + n); }
  T operator-=(step n) noexcept { return static_cast<T>(fetch_sub(n) - n); }
  T operator|=(T n) noexcept { return static_cast<T>(fetch_or(n) | n); }
  T operator&=(T n) noexcept { return static_cast<T>(fetch_and(n) & n); }

 private:
  static constexpr order failing(order o) {
    if (o == order::acq_rel) return order::acquire;
    return o == order::release ? order::relaxed : o;
  }
  static std::uint64_t bits(T value) {
    std::uint64_t b = 0;
    std::memcpy(&b, &value, sizeof(T));
    return b;
  }
  static T typed(std::uint64_t b) {
    T value;
    std::memcpy(&value, &b, sizeof(T));
    return value;
  }
  object self(source where) const { return {const_cast<T*>(&value_), sizeof(T), where}; }

  template <class F>
  T update(F f, order o, source where) noexcept {
    if (!exploring()) {
      const T old = value_;
      value_ = f(old);
      return old;
    }
    const T old = typed(now().update_begin(self(where), o));
    now().update_end(self(where), bits(f(old)), o);
    return old;
  }

  bool compare_exchange(T& expected, T desired, order success, order failure, bool weak,
                        source where) noexcept {
    if (!exploring()) {
      const bool same = bits(value_) == bits(expected);
      (same ? value_ : expected) = same ? desired : value_;
      return same;
    }
    std::uint64_t seen = bits(expected);
    const bool done =
        now().compare_exchange(self(where), seen, bits(desired), success, failure, weak);
    if (!done) expected = typed(seen);
    return done;
  }

  // alignas as std::atomic: a lock-free object is aligned to its size.
  alignas(sizeof(T) & (sizeof(T) - 1) ? alignof(T) : sizeof(T)) T value_;
};

}  // namespace model
