// Stands in front of runtime/dwell/os/futex.hpp in the models: waiting blocks a model thread, and
// an execution in which nobody can go on is a failure.
#pragma once

#include <cstdint>
#include <limits>
#include <source_location>

#include <dwell/base/atomic.hpp>

namespace dwell::inline v0::os {

inline model::object futex_word(base::atomic<std::uint32_t>& word, std::source_location where) {
  return {&word, sizeof(std::uint32_t), where};
}

inline void futex_wait(base::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::source_location where = std::source_location::current()) noexcept {
  model::now().futex_wait(futex_word(word, where), expected, false);
}

/// Any limit may expire at any moment; the greatest one never does.
inline bool futex_wait_until(
    base::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns,
    std::source_location where = std::source_location::current()) noexcept {
  const bool may_time_out = deadline_ns != std::numeric_limits<std::int64_t>::max();
  return model::now().futex_wait(futex_word(word, where), expected, may_time_out);
}

inline void futex_wake(base::atomic<std::uint32_t>& word, int count,
                       std::source_location where = std::source_location::current()) noexcept {
  model::now().futex_wake(futex_word(word, where), count);
}

}  // namespace dwell::inline v0::os
