// Descriptors that a library opened and drives itself, behind one that a reactor can watch.
//
// A set within a set: the library's descriptors are in an epoll set of ours, level-triggered, as a
// library expects that was written for poll(): it may read a part and want to be told of the rest.
// The set is itself a descriptor, readable while one of them is ready, and the reactor knows this
// one only, edge-triggered like all of its own.
//
// Invariant: whoever has waited for the set's descriptor calls take() until it gives nothing before
// the next wait; what becomes ready afterwards is a new edge. So one task takes.
//
// A number may be closed and given out again while an event of the old descriptor is on its way:
// each watch has a generation, and an event whose generation has passed is dropped.
//
// A member that is of no interest for a while rests: it stays in the set, and is asked for again
// without a system call. Should it become ready meanwhile, it leaves the set there and then, or the
// set would be ready for ever.
//
// Rejected: registering each descriptor with the reactor (its edges would have to be turned into
// levels by a poll() for each event, and each would need a task that waits); descriptor_wait.hpp
// (it blocks a thread).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>

namespace dwell::inline v0::os {

/// What is possible on a member; an error shows as `failed` and as everything that was asked for.
struct member_event {
  int fd;
  std::uint32_t generation;
  bool readable;
  bool writable;
  bool failed;
};

/// One thread at a time. Throws std::system_error when the kernel refuses the descriptor.
class DWELL_API descriptor_group {
 public:
  /// The most events that one take() gives.
  static constexpr std::size_t most_events = 64;

  descriptor_group();
  descriptor_group(const descriptor_group&) = delete;
  descriptor_group& operator=(const descriptor_group&) = delete;

  /// Another descriptor of the set, for the one who waits. Throws std::system_error.
  [[nodiscard]] file_descriptor duplicate() const;

  /// What to look for on `fd` from now on, instead of what was asked before; with neither it is
  /// forgotten. Throws std::system_error and std::bad_alloc, and then `fd` is not watched.
  void watch(int fd, bool read, bool write);
  /// Nothing is told of it until the next watch(). Nothing, if it is not watched.
  void rest(int fd) noexcept;
  /// Before it is closed; or when it has just been opened, if somebody may have closed the last of
  /// its number without a word. Nothing, if it is not watched.
  void forget(int fd) noexcept;

  /// What is ready now, without a wait. None of it rests.
  [[nodiscard]] std::span<const member_event> take(
      std::span<member_event, most_events> into) noexcept;
  /// Whether an event that was taken is still of the descriptor that it came from.
  [[nodiscard]] bool is_current(const member_event& event) const noexcept;

  /// Whether nothing is watched, or all of it rests.
  [[nodiscard]] bool empty() const noexcept { return watched_ == 0; }

 private:
  struct member {
    std::uint32_t generation;
    std::uint32_t interest;  // as the set knows it
    bool rests;
  };

  // Null when it is of a descriptor that has gone.
  [[nodiscard]] const member* member_of(const member_event& event) const noexcept;

  file_descriptor epoll_;
  std::uint32_t generations_ = 0;
  std::unordered_map<int, member> members_;
  std::size_t watched_ = 0;  // of the members, those that do not rest
};

}  // namespace dwell::inline v0::os
