// The part of a channel that does not know what it carries: items in a row, and two lines.
//
//   send: a receiver waits ───▶ straight to it
//         room ──▶ items ─────▶ to a later receive, which lets the first sender of the line in
//         full ──▶ the line of senders, each with its item
//
// An item is a cell that its sender allocated and filled before it took the lock, and that its
// receiver empties and frees after it gave the lock back. Between the two only the cell's address
// changes hands. So under the lock no user code runs and nothing throws, and an item has one owner
// at any time: the sender, the channel or the receiver.
//
// Invariants, under the lock:
//  1. Somebody waits to receive only while there is no item and nobody waits to send.
//  2. Somebody waits to send only while the items fill the capacity. So a newcomer never overtakes
//     those who wait.
//  3. A closed channel has nobody in its lines, and takes no item any more. One without receivers
//     is closed and empty.
//
// Rejected: a ring of T. It saves an allocation (from the pool of frames, some nanoseconds) and
// then moves values under the lock: a move that throws in the middle of a hand-over to a sleeping
// receiver, or a destructor that uses the channel, would have nobody to answer to.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/end.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

/// A channel at one moment.
struct channel_statistics {
  std::size_t items;              // sent and not yet received
  std::size_t capacity;           // `unbounded` when there is no limit
  std::size_t senders;            // ends
  std::size_t receivers;          // ends
  std::size_t waiting_senders;    // tasks and threads in send()
  std::size_t waiting_receivers;  // tasks and threads in receive()
  std::uint64_t sent;             // since the channel was made
  std::uint64_t received;         // since the channel was made
  bool closed;
};

namespace sync {

/// Base of the cell that holds a T.
struct channel_item {
  channel_item* next = nullptr;
};

/// Items in a row.
class DWELL_API item_row {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  void push_back(channel_item& item) noexcept;
  /// Null when empty.
  [[nodiscard]] channel_item* pop_front() noexcept;

 private:
  channel_item* first_ = nullptr;
  channel_item* last_ = nullptr;
  std::size_t size_ = 0;
};

/// Somebody in one of the two lines.
class DWELL_API channel_wait : public queued_wait {
 public:
  /// A sender: what it brings, null once it is sent. A receiver: null until it is given one.
  channel_item* item;

 protected:
  channel_wait(const core::wait_kind& kind, channel_item* brought) noexcept
      : queued_wait(kind), item(brought) {}
  ~channel_wait() = default;
};

class DWELL_API channel_core {
 public:
  static constexpr const char* name = "channel";

  /// How an attempt that does not wait ended.
  enum class attempt : std::uint8_t { done, would_wait, closed };

  using free_function = void (*)(channel_item& item) noexcept;

  /// `free_item` is for what nobody will receive.
  channel_core(std::size_t capacity, free_function free_item) noexcept
      : capacity_(capacity), free_item_(free_item) {}

  /// Done: the item belongs to the channel.
  [[nodiscard]] attempt try_send(channel_item& item) noexcept;
  /// Done: the item belongs to the caller.
  [[nodiscard]] attempt try_receive(channel_item*& item) noexcept;

  void join(side s) noexcept;
  void leave(side s) noexcept;
  void close() noexcept;
  [[nodiscard]] channel_statistics statistics() const noexcept;

 private:
  friend class send_wait;
  friend class receive_wait;

  // Under the lock, as the `take` of queued_wait::wait_in. True with the item still in `w`, or none
  // in it: closed.
  [[nodiscard]] bool put(channel_item*& item, granted_waits& granted) noexcept;
  [[nodiscard]] bool take(channel_item*& item, granted_waits& granted) noexcept;
  void close(granted_waits& granted) noexcept;
  void note_chances() noexcept;
  void free_all(item_row items) noexcept;

  mutable os::lock lock_;
  const std::size_t capacity_;
  const free_function free_item_;
  // Under the lock.
  bool closed_ = false;
  item_row items_;
  wait_queue senders_{lock_};
  wait_queue receivers_{lock_};
  std::size_t sending_ends_ = 0;
  std::size_t receiving_ends_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  // Written under the lock and read without: whether the next attempt will find something. A stale
  // one costs a lock more or an attempt in vain.
  base::atomic<bool> may_put_{true};
  base::atomic<bool> may_take_{false};
};

/// Sleeps until the item was taken or the channel is closed.
class DWELL_API send_wait : public channel_wait {
 public:
  send_wait(channel_core& core, channel_item& brought) noexcept
      : channel_wait(kind, &brought), core_(core) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  ~send_wait() = default;
  /// For a thread.
  void block() noexcept;
  [[nodiscard]] bool sent() const noexcept { return item == nullptr; }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  channel_core& core_;
};

/// Sleeps until there is an item, or never will be.
class DWELL_API receive_wait : public channel_wait {
 public:
  explicit receive_wait(channel_core& core) noexcept : channel_wait(kind, nullptr), core_(core) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  ~receive_wait() = default;
  /// For a thread.
  void block() noexcept;

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  channel_core& core_;
};

}  // namespace sync

}  // namespace dwell::inline v0
