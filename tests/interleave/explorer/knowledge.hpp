// What a thread, a store or a fence knows: the two things that travel along happens-before.
//
//  * clock: a vector clock. Event (t, n) happens before now exactly when clock[t] >= n. It decides
//    data races and lifetimes.
//  * seen: per location the newest store (in modification order) that happens before now or was
//    read by something that happens before now. It is all of C++20's coherence in one lower bound:
//    a load may return that store or any later one, a store must come after it.
//
// They are kept apart because seq_cst fences pass `seen` on and not `clock`: two fences are ordered
// in the single total order S without synchronizing.
#pragma once

#include <array>
#include <cstdint>

namespace model {

inline constexpr unsigned max_threads = 8;
inline constexpr unsigned max_locations = 512;

using epoch = std::uint32_t;
using store_index = std::uint16_t;

/// Store index per location; 0 is the initial store. Only the first `width` entries are kept, so a
/// copy costs what the execution uses.
class view {
 public:
  view() {}
  view(const view& other) { *this = other; }
  view& operator=(const view& other) {
    width_ = other.width_;
    for (unsigned i = 0; i < width_; ++i) at_[i] = other.at_[i];
    return *this;
  }

  void clear() { width_ = 0; }
  unsigned width() const { return width_; }
  store_index operator[](unsigned location) const {
    return location < width_ ? at_[location] : store_index{0};
  }
  void set(unsigned location, store_index index) {
    while (width_ <= location) at_[width_++] = 0;
    at_[location] = index;
  }

 private:
  unsigned width_ = 0;
  std::array<store_index, max_locations> at_;
};

struct knowledge {
  std::array<epoch, max_threads> clock{};
  view seen;

  void clear() {
    clock.fill(0);
    seen.clear();
  }
};

}  // namespace model
