// The ends of what tasks talk through: who still holds one decides when the conversation is over.
//
// A core (of a channel, a broadcast, a watch) is shared by its ends and counts them by side. Ends
// are move-only, and clone() makes another one: that a forgotten copy keeps a channel open is the
// usual way to hang a pipeline, so each copy is written out.
//
// The deadlock report counts an end only when it was made for threads (thread_end). If every sender
// counted, as a oneshot's does, no deadlock would be found in any program with a channel; if none
// did, a task that waits for a plain thread would be called stuck.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/sync/outside_work.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0 {

/// What an end of a channel, broadcast or watch throws when nothing more can come or go through it:
/// the other side has gone, or somebody called close().
class DWELL_API channel_closed : public std::runtime_error {
 public:
  channel_closed();
  ~channel_closed() override;
};

namespace sync {

enum class side : std::uint8_t { sending, receiving };

/// One end's share of a Core, which hears join(side) and leave(side).
template <class Core>
class end_share {
 public:
  end_share(std::shared_ptr<Core> core, side s) noexcept : core_(std::move(core)), side_(s) {
    core_->join(side_);
  }
  end_share(end_share&&) noexcept = default;
  end_share& operator=(end_share&& other) noexcept {
    end_share(std::move(other)).swap(*this);
    return *this;
  }
  ~end_share() { reset(); }

  void swap(end_share& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(side_, other.side_);
  }
  void reset() noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->leave(side_);
  }

  [[nodiscard]] end_share share_of(side s) const noexcept {
    (void)core();
    return end_share(core_, s);
  }
  [[nodiscard]] Core& core() const noexcept {
    if (core_ == nullptr) [[unlikely]]
      base::panic(Core::name, "this end was moved from or reset; it leads nowhere");
    return *core_;
  }

 private:
  std::shared_ptr<Core> core_;
  side side_;
};

}  // namespace sync

/// An end for threads that are no workers, and for tasks of another runtime: all that `End` can do,
/// and while it lives no runtime reports a deadlock (outside_work). Move-only; thread-safe as `End`
/// is. clone() gives an end for tasks, for_threads() another one for threads.
template <class End>
class thread_end : private outside_work, public End {  // outside_work is the last part to go
 public:
  explicit thread_end(End&& end) noexcept : End(std::move(end)) {}
  thread_end(thread_end&&) noexcept = default;
  thread_end& operator=(thread_end&& other) noexcept {
    thread_end(std::move(other)).swap(*this);
    return *this;
  }
  ~thread_end() = default;

  void swap(thread_end& other) noexcept {
    End::swap(other);
    std::swap(static_cast<outside_work&>(*this), static_cast<outside_work&>(other));
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { const thread_end gone = std::move(*this); }
};

}  // namespace dwell::inline v0
