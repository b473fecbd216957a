// Stands in front of runtime/dwell/base/atomic.hpp in the models: the same names, over the
// explorer.
#pragma once

#include <atomic>
#include <source_location>

#include "../../../explorer/atomic.hpp"

namespace dwell::inline v0::base {

template <class T>
using atomic = model::atomic<T>;

/// Over plain memory, which is sequentially consistent here: what relies on the orderings has a
/// model with an atomic in its place.
template <class T>
class atomic_ref {
 public:
  explicit atomic_ref(T& object) noexcept : object_(object) {}
  [[nodiscard]] T load(std::memory_order) const noexcept { return object_; }
  void store(T value, std::memory_order) const noexcept { object_ = value; }

 private:
  T& object_;
};

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

inline void fence(std::memory_order order,
                  std::source_location where = std::source_location::current()) noexcept {
  if (model::exploring()) model::now().fence(order, where);
}

/// A pause means "another thread must act first": the explorer lets it.
inline void cpu_pause(std::source_location where = std::source_location::current()) noexcept {
  if (model::exploring()) model::now().yield(where);
}

}  // namespace dwell::inline v0::base
