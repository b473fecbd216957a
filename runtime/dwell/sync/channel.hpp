// channel<T>: many producers, many consumers, first in first out. make_channel gives its two ends.
//
//   auto [tx, rx] = dwell::make_channel<job>(16);
//   co_await tx.send(a_job);                            // waits while 16 are in it
//   while (auto next = co_await rx.next()) ...          // until closed and drained
//
// The words are those of anyio's memory object streams and of Tokio's channels: ends are cloned for
// further producers and consumers; when the last sender goes, receivers take what is left and are
// then told; when the last receiver goes, senders are told at once. A capacity of 0 is a
// rendezvous: a send ends when somebody has received it.
//
// An end that a task was given as a parameter goes when the task ends, so a producer that returns
// tells its receivers.
//
// A value is moved into a cell first (channel_core.hpp says why). If it is not sent after all, it
// is moved back: `co_await tx.send(std::move(v))` that throws leaves v as it was, so that a send
// may be tried again. Tokio drops the value then.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <dwell/sync/channel_core.hpp>
#include <dwell/sync/end.hpp>
#include <dwell/task/frame_pool.hpp>
#include <dwell/task/would_block_worker.hpp>

namespace dwell::inline v0 {

/// The capacity of a channel in which a send never waits.
inline constexpr std::size_t unbounded = SIZE_MAX;

template <class T>
class channel_sender;
template <class T>
class channel_receiver;
template <class T>
class channel_thread_sender;
template <class T>
class channel_thread_receiver;

namespace sync {

template <class T>
struct channel_cell final : channel_item {
  static_assert(alignof(T) <= 16,
                "channel<T>: T is aligned to more than 16 bytes; "
                "send a std::unique_ptr<T> instead");

  template <class U>
  explicit channel_cell(U&& from) : value(std::forward<U>(from)) {}
  static void* operator new(std::size_t bytes) { return core::allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    core::deallocate_frame(memory, bytes);
  }
  static void free(channel_item& item) noexcept { delete static_cast<channel_cell*>(&item); }

  T value;
};

template <class T>
using cell_pointer = std::unique_ptr<channel_cell<T>>;

/// Takes the address of a cell that the channel gave away.
template <class T>
cell_pointer<T> adopt(channel_item* item) noexcept {
  return cell_pointer<T>(static_cast<channel_cell<T>*>(item));
}

/// A value on its way into the channel. Unless accepted() it returns to where it came from.
template <class T>
class channel_offer {
 public:
  explicit channel_offer(T&& value)
      : origin_(&value), cell_(std::make_unique<channel_cell<T>>(std::move(value))) {}
  explicit channel_offer(const T& value) : cell_(std::make_unique<channel_cell<T>>(value)) {}
  channel_offer(channel_offer&&) noexcept = default;
  channel_offer& operator=(channel_offer&&) = delete;
  ~channel_offer() {
    if constexpr (std::is_nothrow_move_assignable_v<T>)
      if (cell_ != nullptr && origin_ != nullptr) *origin_ = std::move(cell_->value);
  }

  [[nodiscard]] channel_item& item() const noexcept { return *cell_; }
  /// The cell belongs to the channel, or is gone already.
  void accepted() noexcept { (void)cell_.release(); }

 private:
  T* origin_ = nullptr;
  cell_pointer<T> cell_;
};

/// What send() gives: to be awaited where it stands.
template <class T>
class [[nodiscard("co_await it: until then nothing is sent")]] channel_send {
 public:
  channel_send(channel_core & core, channel_offer<T> && offer) noexcept
      : core_(core), offer_(std::move(offer)) {}

  auto operator co_await()&& noexcept { return awaiter(core_, std::move(offer_)); }

 private:
  class awaiter final : public send_wait {
   public:
    awaiter(channel_core& core, channel_offer<T>&& offer) noexcept
        : send_wait(core, offer.item()), offer_(std::move(offer)) {}
    ~awaiter() {
      if (sent()) offer_.accepted();
    }
    void await_resume() {
      core::finish_wait(*this);
      if (!sent()) throw channel_closed();
    }

   private:
    channel_offer<T> offer_;
  };

  channel_core& core_;
  channel_offer<T> offer_;
};

/// What receive() gives (Result is T) and next() gives (std::optional<T>).
template <class T, class Result>
class [[nodiscard("co_await it: until then nothing is received")]] channel_receive {
 public:
  explicit channel_receive(channel_core & core) noexcept : core_(core) {}

  auto operator co_await() const noexcept { return awaiter(core_); }

 private:
  class awaiter final : public receive_wait {
   public:
    using receive_wait::receive_wait;
    Result await_resume() {
      core::finish_wait(*this);
      const cell_pointer<T> cell = adopt<T>(item);
      if (cell == nullptr) return nothing();
      return Result(std::move(cell->value));
    }
  };

  static Result nothing() {
    if constexpr (std::is_same_v<Result, T>)
      throw channel_closed();
    else
      return std::nullopt;
  }

  channel_core& core_;
};

}  // namespace sync

/// An end through which tasks send. Move-only: clone() makes another. When the last sender has
/// gone, the channel is closed.
///
/// For tasks: its owner may share it between them, and it must outlive each await of theirs. A
/// thread that is no worker (and a task of another runtime) gets an end by for_threads(): through
/// this one it could wake a task that run() is just reporting as deadlocked.
template <class T>
class channel_sender {
 public:
  /// Another end of the same channel.
  [[nodiscard]] channel_sender clone() const noexcept {
    return channel_sender(share_.share_of(sync::side::sending));
  }
  /// An end for a thread that is no worker.
  [[nodiscard]] channel_thread_sender<T> for_threads() const noexcept {
    return channel_thread_sender<T>(clone());
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }
  void swap(channel_sender& other) noexcept { share_.swap(other.share_); }

  /// `co_await tx.send(v)` waits for room, behind those who came before; a receiver that waits gets
  /// the value straight. Throws channel_closed, cancelled, std::bad_alloc, or what T's move throws;
  /// then nothing was sent, and a `v` that was moved has its value back (if T's move assignment
  /// cannot throw; else the value is destroyed). Once sent, no cancel takes it back.
  auto send(T&& value) {
    return sync::channel_send<T>(core(), sync::channel_offer<T>(std::move(value)));
  }
  auto send(const T& value) requires(std::copy_constructible<T>) {
    return sync::channel_send<T>(core(), sync::channel_offer<T>(value));
  }

  /// Sends if that needs no wait; false otherwise, and `value` is as it was. Throws channel_closed.
  [[nodiscard]] bool try_send(T&& value) {
    return try_send(sync::channel_offer<T>(std::move(value)));
  }
  [[nodiscard]] bool try_send(const T& value) requires(std::copy_constructible<T>) {
    return try_send(sync::channel_offer<T>(value));
  }

  /// Closes the channel, for all its ends: those who wait to send throw channel_closed; receivers
  /// take what is left first.
  void close() noexcept { core().close(); }

  /// Thread-safe; takes the channel's lock.
  [[nodiscard]] channel_statistics statistics() const noexcept { return core().statistics(); }

  /// For make_channel().
  explicit channel_sender(sync::end_share<sync::channel_core> share) noexcept
      : share_(std::move(share)) {}

 protected:
  [[nodiscard]] sync::channel_core& core() const noexcept { return share_.core(); }

 private:
  [[nodiscard]] bool try_send(sync::channel_offer<T> offer) {
    switch (core().try_send(offer.item())) {
      case sync::channel_core::attempt::would_wait:
        return false;
      case sync::channel_core::attempt::closed:
        throw channel_closed();
      case sync::channel_core::attempt::done:
        break;
    }
    offer.accepted();
    return true;
  }

  sync::end_share<sync::channel_core> share_;
};

/// An end through which tasks receive. Move-only: clone() makes another; each item goes to one of
/// those who wait, in their order. When the last receiver has gone, the channel is closed and what
/// was left in it is destroyed. For tasks, as channel_sender is.
template <class T>
class channel_receiver {
 public:
  /// Another end of the same channel.
  [[nodiscard]] channel_receiver clone() const noexcept {
    return channel_receiver(share_.share_of(sync::side::receiving));
  }
  /// An end for a thread that is no worker.
  [[nodiscard]] channel_thread_receiver<T> for_threads() const noexcept {
    return channel_thread_receiver<T>(clone());
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }
  void swap(channel_receiver& other) noexcept { share_.swap(other.share_); }

  /// `co_await rx.receive()` gives the next item. Throws channel_closed when there never will be
  /// one. Cancellable: an item is received or stays, none is lost. What T's move throws on the way
  /// out comes through, and its item is gone.
  auto receive() { return sync::channel_receive<T, T>(core()); }
  /// The same for a loop: `while (auto item = co_await rx.next())` ends when the channel is closed
  /// and empty.
  auto next() { return sync::channel_receive<T, std::optional<T>>(core()); }

  /// The next item if there is one now. Throws channel_closed when there never will be one.
  [[nodiscard]] std::optional<T> try_receive() {
    sync::channel_item* item = nullptr;
    const auto ended = core().try_receive(item);
    if (ended == sync::channel_core::attempt::closed) throw channel_closed();
    if (ended == sync::channel_core::attempt::would_wait) return std::nullopt;
    const auto cell = sync::adopt<T>(item);
    return std::optional<T>(std::move(cell->value));
  }

  /// Closes the channel, for all its ends: nothing more comes in, what is in it can be received.
  void close() noexcept { core().close(); }

  /// Thread-safe; takes the channel's lock.
  [[nodiscard]] channel_statistics statistics() const noexcept { return core().statistics(); }

  /// For make_channel().
  explicit channel_receiver(sync::end_share<sync::channel_core> share) noexcept
      : share_(std::move(share)) {}

 protected:
  [[nodiscard]] sync::channel_core& core() const noexcept { return share_.core(); }

 private:
  sync::end_share<sync::channel_core> share_;
};

/// A sender that a plain thread may hold; while it lives the deadlock report holds its peace.
template <class T>
class channel_thread_sender final : public thread_end<channel_sender<T>> {
 public:
  using thread_end<channel_sender<T>>::thread_end;

  /// Blocks the calling thread as long as send() would wait, in the same line as the tasks. Throws
  /// as send() does. On a worker it throws would_block_worker: there, await send().
  void blocking_send(T&& value) { block(sync::channel_offer<T>(std::move(value))); }
  void blocking_send(const T& value) requires(std::copy_constructible<T>) {
    block(sync::channel_offer<T>(value));
  }

 private:
  class blocked final : public sync::send_wait {
   public:
    using send_wait::block;
    using send_wait::send_wait;
    using send_wait::sent;
  };

  void block(sync::channel_offer<T> offer) {
    core::refuse_on_worker("channel_thread_sender::blocking_send",
                           "would block a worker; in a task write: co_await sender.send(value)");
    blocked self(this->core(), offer.item());
    self.block();
    if (!self.sent()) throw channel_closed();
    offer.accepted();
  }
};

/// A receiver that a plain thread may hold; while it lives the deadlock report holds its peace.
template <class T>
class channel_thread_receiver final : public thread_end<channel_receiver<T>> {
 public:
  using thread_end<channel_receiver<T>>::thread_end;

  /// Blocks the calling thread until there is an item, in the same line as the tasks. Throws
  /// channel_closed. On a worker it throws would_block_worker: there, await receive().
  [[nodiscard]] T blocking_receive() {
    std::optional<T> item = blocking_next();
    if (!item.has_value()) throw channel_closed();
    return *std::move(item);
  }
  /// The same for a loop: nullopt when the channel is closed and empty.
  [[nodiscard]] std::optional<T> blocking_next() {
    core::refuse_on_worker("channel_thread_receiver::blocking_receive",
                           "would block a worker; in a task write: co_await receiver.receive()");
    blocked self(this->core());
    self.block();
    const auto cell = sync::adopt<T>(self.item);
    if (cell == nullptr) return std::nullopt;
    return std::optional<T>(std::move(cell->value));
  }

 private:
  class blocked final : public sync::receive_wait {
   public:
    using receive_wait::block;
    using receive_wait::receive_wait;
  };
};

/// The two ends of a channel. At most `capacity` items stay in it: `unbounded` lets no sender wait,
/// 0 makes each wait until its item is received. Throws std::bad_alloc.
template <class T>
[[nodiscard]] std::pair<channel_sender<T>, channel_receiver<T>> make_channel(std::size_t capacity) {
  static_assert(std::is_object_v<T> && std::move_constructible<T>,
                "channel<T>: T is moved in and out. For a reference send a pointer, for void "
                "std::monostate");
  auto core = std::make_shared<sync::channel_core>(capacity, &sync::channel_cell<T>::free);
  using share = sync::end_share<sync::channel_core>;
  return {channel_sender<T>(share(core, sync::side::sending)),
          channel_receiver<T>(share(core, sync::side::receiving))};
}

}  // namespace dwell::inline v0
