// Results that come in any order, each on the worker of its child, and leave as a vector in order.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace dwell::inline v0::scope {

/// Places for results of type E. Two places may be filled at once, by two threads.
///
/// What can be made empty and assigned without an exception lies in the final vector from the
/// start, so that a hundred thousand small results are neither moved nor held twice. Of bools a
/// vector keeps several in one byte, which two threads must not write.
template <class E>
class slots {
  static constexpr bool in_final_place = std::is_nothrow_default_constructible_v<E> &&
                                         std::is_nothrow_move_assignable_v<E> &&
                                         !std::is_same_v<E, bool>;
  using place = std::conditional_t<in_final_place, E, std::optional<E>>;

 public:
  /// Before anything is put. Throws std::bad_alloc.
  void make_room(std::size_t count) { places_.resize(count); }

  void put(std::size_t i, E&& result) {
    if constexpr (in_final_place)
      places_[i] = std::move(result);
    else
      places_[i].emplace(std::move(result));
  }

  /// All of them; each place has been filled.
  [[nodiscard]] std::vector<E> take() {
    if constexpr (in_final_place) {
      return std::move(places_);
    } else {
      std::vector<E> all;
      all.reserve(places_.size());
      for (place& one : places_) all.push_back(*std::move(one));
      return all;
    }
  }

 private:
  std::vector<place> places_;
};

}  // namespace dwell::inline v0::scope
