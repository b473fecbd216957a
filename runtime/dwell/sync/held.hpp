// The right to something, given back when it goes out of scope: what guards are made of.
#pragma once

#include <utility>

namespace dwell::inline v0::sync {

/// Move-only. `GiveBack` is the member function of `Owner` that takes it back; it is no await
/// and may be called by any thread, so a guard may be moved to another task and die there.
template <class Owner, void (Owner::*GiveBack)() noexcept>
class [[nodiscard("a guard that is dropped gives back at once what was waited for")]] held {
 public:
  /// Holds nothing.
  held() noexcept = default;
  explicit held(Owner & owner) noexcept : owner_(&owner) {}
  held(held && other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  held& operator=(held&& other) noexcept {
    held(std::move(other)).swap(*this);
    return *this;
  }
  ~held() { unlock(); }

  void swap(held & other) noexcept { std::swap(owner_, other.owner_); }

  /// Gives it back now; without effect when nothing is held.
  void unlock() noexcept {
    if (owner_ != nullptr) (std::exchange(owner_, nullptr)->*GiveBack)();
  }
  /// What is held, or null.
  [[nodiscard]] Owner* owner() const noexcept { return owner_; }
  explicit operator bool() const noexcept { return owner_ != nullptr; }

 private:
  Owner* owner_ = nullptr;
};

}  // namespace dwell::inline v0::sync
