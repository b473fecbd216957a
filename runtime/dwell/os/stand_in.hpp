// What a simulated world puts in the place of the clock and of the kernel's entropy.
//
// The seam is one thread-local pointer, null outside a simulation: now_ns() and entropy() pay one
// branch that is always predicted, and no other thread of the program notices. A template
// parameter in everything that reads a clock was rejected: the program under simulation would not
// be the same program.
#pragma once

#include <cstdint>
#include <utility>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// The time and the randomness of the thread that it is installed in. Used by that thread only.
class DWELL_API stand_in {
 public:
  [[nodiscard]] virtual std::int64_t now_ns() noexcept = 0;
  [[nodiscard]] virtual std::uint64_t entropy() noexcept = 0;

 protected:
  ~stand_in() = default;
};

// initial-exec: as core::current_context, without a call in a shared library.
extern DWELL_API constinit thread_local stand_in* current_stand_in
    __attribute__((tls_model("initial-exec")));

/// Installs a stand-in in the calling thread, and the one before again at its end.
class stand_in_guard {
 public:
  explicit stand_in_guard(stand_in& s) noexcept : before_(std::exchange(current_stand_in, &s)) {}
  ~stand_in_guard() { current_stand_in = before_; }
  stand_in_guard(const stand_in_guard&) = delete;
  stand_in_guard& operator=(const stand_in_guard&) = delete;

 private:
  stand_in* const before_;
};

}  // namespace dwell::inline v0::os
