// The counting half of a task group: its node in the tree of scopes, how many of its tasks live,
// and what they failed with.
//
// The body is a spawned chain like the children; only its block lies in the frame that waits for
// the group. One count says how many of them have not ended:
//
//            open()                 spawn: +1
//   made ──────────────▶ 1 (the body) ───────▶ n ───── ends: -1 ─────▶ 0: the waiting frame goes on
//
// Who spawns is one of them (or is known to one that waits for it), so the count cannot reach zero
// beneath a spawn: whoever finds a zero there uses a group that has ended.
//
// An error is kept before the end of its chain is published, and cancels the group after those who
// join the chain were woken: they get the error itself. A child that was only cancelled says
// nothing, but the group remembers that something was cut short: it then passes on a cancellation
// from outside, while one that came too late to stop anything changes nothing, as in gather. A body
// that ends by `cancelled` stops its children, whoever cancelled it: what they work for is gone.
//
// Rejected: a list of the children (a lock for each; the tree of scopes reaches those that sleep),
// and a scope that its block's destructor closes (a destructor cannot wait).
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/task/spawn_home.hpp>

namespace dwell::inline v0::scope {

class DWELL_API group_home final : public core::spawn_home {
 public:
  // ---- For who waits for the group ----

  /// Hangs the group below the scope of `waiting`, which goes on when the last task has ended.
  /// False: that scope is cancelled, nothing may start. Called by the worker that runs it.
  [[nodiscard]] bool open(core::frame_header& waiting) noexcept;
  /// The body, counted by open(), begins: for the calling worker to continue with.
  [[nodiscard]] core::frame_header& start_body(spawned& body) noexcept {
    body_.store(&body, base::relaxed);  // relaxed: only the body asks whether it is the body
    return body.start_inline(*exec_, *this);
  }
  /// Instead: there is no body, making it failed. Returns the frame to continue with, or null.
  [[nodiscard]] core::frame_header* body_failed(const std::exception_ptr& error) noexcept;

  /// After the end: throws the exception_group of what failed, if anything did.
  void throw_errors();
  /// After the end: whether a cancellation from outside kept a task from ending as it would have.
  [[nodiscard]] bool stopped_from_outside() const noexcept {
    // relaxed: ordered by the count.
    return cut_short_.load(base::relaxed) && parent()->cancel_requested();
  }
  // ---- For its tasks ----

  /// Starts `child`, or refuses it when the group is cancelled. Throws std::bad_alloc with nothing
  /// started.
  void spawn(spawned& child);
  /// Cancels the group by its own wish; the first reason stays.
  void call_off(std::string&& reason) noexcept;
  [[nodiscard]] bool called_off() const noexcept;
  [[nodiscard]] std::string reason() const;

  void for_each_root(root_visitor, void*) noexcept override {}
  void child_starts(core::executor&) noexcept override;
  void child_stays_away(core::executor&) noexcept override;
  [[nodiscard]] bool child_ends(const core::join& child, core::chain_end how,
                                const std::exception_ptr& error) noexcept override;
  [[nodiscard]] core::frame_header* child_ended(core::chain_end how) noexcept override;

 private:
  void check_open(const char* who) const noexcept;
  [[nodiscard]] bool keep(const std::exception_ptr& error) noexcept;
  [[nodiscard]] bool known(const std::exception_ptr& error) const noexcept;

  core::executor* exec_ = nullptr;
  core::frame_header* waiting_ = nullptr;
  base::atomic<const core::join*> body_{nullptr};
  base::atomic<std::uint32_t> alive_{0};
  base::atomic<bool> cut_short_{false};
  mutable os::lock lock_;
  // Under the lock, from here on. The first error needs no memory.
  std::exception_ptr first_error_;
  std::vector<std::exception_ptr> more_errors_;
  std::string reason_;
  bool called_off_ = false;
};

}  // namespace dwell::inline v0::scope
