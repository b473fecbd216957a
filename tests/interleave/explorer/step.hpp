// What a thread is about to do, as far as it matters to others.
//
// Two steps that do not conflict give the same result in either order. So a preemption just before
// a step with which nothing conflicts until the thread resumes is the same execution as a
// preemption just after it, which costs as much and is explored too: the first one is cut short.
#pragma once

#include <atomic>
#include <cstdint>

namespace model {

struct step {
  enum class kind : std::uint8_t { load, write, local, fence, light_fence, heavy_fence };

  kind what = kind::local;
  std::memory_order order = std::memory_order_relaxed;
  const void* address = nullptr;

  bool sequential() const { return order == std::memory_order_seq_cst; }
  bool joins_everything() const {
    return what == kind::heavy_fence || (what == kind::fence && sequential());
  }
};

/// Whether the order of two steps of different threads can matter. A seq_cst fence reads and writes
/// what S has fixed; a light fence trades with heavy ones only; seq_cst loads of one location fix
/// it for one another.
inline bool conflict(const step& a, const step& b) {
  if (a.address != nullptr && a.address == b.address) {
    const bool only_reads = a.what == step::kind::load && b.what == step::kind::load;
    return !only_reads || (a.sequential() && b.sequential());
  }
  if (a.joins_everything())
    return b.joins_everything() || b.sequential() || b.what == step::kind::light_fence;
  if (b.joins_everything()) return a.sequential() || a.what == step::kind::light_fence;
  return false;
}

}  // namespace model
