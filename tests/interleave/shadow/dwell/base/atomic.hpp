// Stands in front of runtime/dwell/base/atomic.hpp in the models: the same names, over the
// explorer.
#pragma once

#include <atomic>
#include <source_location>

#include "../../../explorer/atomic.hpp"

namespace dwell::inline v0::base {

template <class T>
using atomic = model::atomic<T>;

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
