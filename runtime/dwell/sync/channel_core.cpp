#include <utility>

#include <dwell/sync/channel_core.hpp>

namespace dwell::inline v0::sync {

// ---- Items in a row ----

void item_row::push_back(channel_item& item) noexcept {
  item.next = nullptr;
  (first_ != nullptr ? last_->next : first_) = &item;
  last_ = &item;
  ++size_;
}

channel_item* item_row::pop_front() noexcept {
  channel_item* const item = first_;
  if (item == nullptr) return nullptr;
  first_ = item->next;
  --size_;
  return item;
}

// ---- What happens under the lock ----

bool channel_core::put(channel_item*& item, granted_waits& granted) noexcept {
  if (closed_) return true;
  if (queued_wait* const receiver = receivers_.pop_front()) {
    static_cast<channel_wait*>(receiver)->item = item;
    granted.add(*receiver);
    ++received_;
  } else if (items_.size() < capacity_) {
    items_.push_back(*item);
  } else {
    return false;
  }
  item = nullptr;
  ++sent_;
  note_chances();
  return true;
}

bool channel_core::take(channel_item*& item, granted_waits& granted) noexcept {
  // The first sender in line comes in; with a capacity of 0 its item is the one to take.
  if (queued_wait* const sender = senders_.pop_front()) {
    auto* const waiting = static_cast<channel_wait*>(sender);
    items_.push_back(*waiting->item);
    waiting->item = nullptr;
    granted.add(*sender);
    ++sent_;
  }
  item = items_.pop_front();
  if (item != nullptr) ++received_;
  note_chances();
  return item != nullptr || closed_;
}

void channel_core::close(granted_waits& granted) noexcept {
  closed_ = true;
  senders_.grant_all(granted);  // with their items
  receivers_.grant_all(granted);
  note_chances();
}

// relaxed, both: hints. Without a buffer a sender depends on who waits, which changes unnoted.
void channel_core::note_chances() noexcept {
  may_put_.store(closed_ || capacity_ == 0 || items_.size() < capacity_, base::relaxed);
  may_take_.store(closed_ || items_.size() > 0 || !senders_.empty(), base::relaxed);
}

// ---- From outside the lock ----

channel_core::attempt channel_core::try_send(channel_item& item) noexcept {
  channel_item* brought = &item;
  granted_waits granted;
  const os::lock_guard guard(lock_);
  if (!put(brought, granted)) return attempt::would_wait;
  return brought == nullptr ? attempt::done : attempt::closed;
}

channel_core::attempt channel_core::try_receive(channel_item*& item) noexcept {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  if (!take(item, granted)) return attempt::would_wait;
  return item != nullptr ? attempt::done : attempt::closed;
}

void channel_core::join(side s) noexcept {
  const os::lock_guard guard(lock_);
  ++(s == side::sending ? sending_ends_ : receiving_ends_);
}

void channel_core::leave(side s) noexcept {
  item_row unwanted;
  {
    granted_waits granted;
    const os::lock_guard guard(lock_);
    if (--(s == side::sending ? sending_ends_ : receiving_ends_) > 0) return;
    close(granted);
    if (s == side::receiving) unwanted = std::exchange(items_, item_row());
  }
  free_all(unwanted);
}

void channel_core::close() noexcept {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  close(granted);
}

// Runs users' destructors, which may use the channel.
void channel_core::free_all(item_row items) noexcept {
  while (channel_item* const item = items.pop_front()) free_item_(*item);
}

channel_statistics channel_core::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {.items = items_.size(),
          .capacity = capacity_,
          .senders = sending_ends_,
          .receivers = receiving_ends_,
          .waiting_senders = senders_.size(),
          .waiting_receivers = receivers_.size(),
          .sent = sent_,
          .received = received_,
          .closed = closed_};
}

// ---- Waiting ----

const core::wait_kind send_wait::kind{"channel_sender::send", &send_wait::call_off};

bool send_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(
      core_.senders_, self, [this](granted_waits& granted) { return core_.put(item, granted); },
      core_.may_put_.load(base::relaxed));  // relaxed: a hint
}

void send_wait::block() noexcept {
  block_in(core_.senders_, [this](granted_waits& granted) { return core_.put(item, granted); });
}

const core::wait_kind receive_wait::kind{"channel_receiver::receive", &receive_wait::call_off};

bool receive_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(
      core_.receivers_, self, [this](granted_waits& granted) { return core_.take(item, granted); },
      core_.may_take_.load(base::relaxed));  // relaxed: a hint
}

void receive_wait::block() noexcept {
  block_in(core_.receivers_, [this](granted_waits& granted) { return core_.take(item, granted); });
}

}  // namespace dwell::inline v0::sync
