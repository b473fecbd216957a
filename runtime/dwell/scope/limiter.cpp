#include <dwell/base/panic.hpp>
#include <dwell/scope/limiter.hpp>

namespace dwell::inline v0 {

limiter_full::limiter_full()
    : std::runtime_error("limiter: as many wait as may (limiter_options::queue)") {}
limiter_full::~limiter_full() = default;

limiter::limiter(std::size_t capacity) noexcept : limiter(limiter_options{capacity}) {}
limiter::limiter(const limiter_options& options) noexcept
    : capacity_(options.capacity), per_key_(options.per_key), queue_(options.queue) {}

// Who waits stops the program in the destructor of his line.
limiter::~limiter() {
  if (in_flight_ != 0)
    base::panic("limiter", "destroyed while slots are held; it must outlive its slots");
}

bool limiter::next_first::operator()(const key_state* a, const key_state* b) const noexcept {
  if (a->in_flight != b->in_flight) return a->in_flight < b->in_flight;
  const auto ticket = [](const key_state* k) {
    return static_cast<const acquire_wait*>(k->line.front())->ticket_;
  };
  return ticket(a) < ticket(b);
}

// ---- Keys ----

limiter::key_state* limiter::pin_known(std::string_view key) noexcept {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return nullptr;
  ++found->second.pins;
  return &found->second;
}

limiter::key_pin limiter::pin(std::string_view key) {
  {
    const os::lock_guard guard(lock_);
    if (key_state* const known = pin_known(key)) return key_pin(*this, *known);
  }
  key_map fresh;
  key_state& made = fresh.try_emplace(std::string(key), lock_).first->second;
  key_set place;
  made.place = place.extract(place.insert(&made).first);
  key_map::node_type node = fresh.extract(fresh.begin());
  const os::lock_guard guard(lock_);
  if (key_state* const known = pin_known(key)) return key_pin(*this, *known);
  made.self = keys_.insert(std::move(node)).position;
  ++made.pins;
  return key_pin(*this, made);
}

// The caller frees what this gives after the unlock.
limiter::key_map::node_type limiter::unpinned(key_state& key) noexcept {
  return --key.pins == 0 ? keys_.extract(key.self) : key_map::node_type();
}

void limiter::unpin(key_state& key) noexcept {
  key_map::node_type gone;
  const os::lock_guard guard(lock_);
  gone = unpinned(key);
}

// ---- Slots ----

bool limiter::take(key_state& key) noexcept {
  if (in_flight_ >= capacity_ || key.in_flight >= per_key_) return false;
  ++in_flight_;
  ++key.in_flight;
  ++acquired_;
  return true;
}

// Before anything changes that `eligible_` is ordered by.
void limiter::set_aside(key_state& key) noexcept {
  if (key.place.empty()) key.place = eligible_.extract(&key);
}

void limiter::put_back(key_state& key) noexcept {
  if (!key.line.empty() && key.in_flight < per_key_) eligible_.insert(std::move(key.place));
}

void limiter::enter(key_state& key, acquire_wait& w) noexcept {
  w.ticket_ = contended_++;
  ++waiters_;
  set_aside(key);
  key.line.push_back(w);
  put_back(key);
}

void limiter::admit(sync::granted_waits& granted) noexcept {
  while (!eligible_.empty() && in_flight_ < capacity_) {
    key_state& key = **eligible_.begin();
    set_aside(key);
    (void)take(key);
    --waiters_;
    granted.add(*key.line.pop_front());
    put_back(key);
  }
}

void limiter::give_back(key_state& key) noexcept {
  sync::granted_waits granted;
  key_map::node_type gone;
  const os::lock_guard guard(lock_);
  set_aside(key);
  --key.in_flight;
  --in_flight_;
  put_back(key);
  admit(granted);
  gone = unpinned(key);
}

limiter::answer limiter::ask(acquire_wait& w, bool may_enter) noexcept {
  const os::lock_guard guard(lock_);
  if (take(w.pin_.key())) return answer::granted;
  if (waiters_ >= queue_) {
    ++refused_;
    return answer::refused;
  }
  if (may_enter) enter(w.pin_.key(), w);
  return answer::waits;
}

std::optional<limiter::slot> limiter::try_acquire(std::string_view key) {
  key_pin pinned = pin(key);
  {
    const os::lock_guard guard(lock_);
    if (!take(pinned.key())) return std::nullopt;
  }
  return slot(*this, pinned.pass_on());
}

void limiter::set_capacity(std::size_t capacity) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  capacity_ = capacity;
  admit(granted);
}

void limiter::set_per_key(std::size_t per_key) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  per_key_ = per_key;
  for (auto& [text, key] : keys_) {
    set_aside(key);
    put_back(key);
  }
  admit(granted);
}

limiter_statistics limiter::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {capacity_, per_key_, in_flight_, waiters_, keys_.size(), acquired_, contended_, refused_};
}

limiter_key_statistics limiter::statistics(std::string_view key) const noexcept {
  const os::lock_guard guard(lock_);
  const auto found = keys_.find(key);
  if (found == keys_.end()) return {};
  return {found->second.in_flight, found->second.line.size()};
}

// ---- The wait ----

const core::wait_kind limiter::acquire_wait::kind{"limiter::acquire", &acquire_wait::call_off};

// As queued_wait::wait_in(), for a source that may also refuse.
bool limiter::acquire_wait::sleep(std::coroutine_handle<> self) {
  if (!may_go_on(self)) return core::give_way(*this);
  pin_ = limiter_.pin(text_);
  answer now = limiter_.ask(*this, false);
  if (now == answer::waits) {
    if (!core::begin_wait(*this, self)) return core::give_way(*this);
    now = limiter_.ask(*this, true);
    if (now == answer::waits) return core::end_wait(*this);
    core::abandon_wait(*this);
  }
  refused_ = now == answer::refused;
  return core::give_way(*this);
}

// Nobody goes on for it: there is no free slot that he might have taken.
bool limiter::acquire_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<acquire_wait&>(self);
  key_state& key = w.pin_.key();
  const os::lock_guard guard(w.limiter_.lock_);
  w.limiter_.set_aside(key);
  const bool waited = key.line.remove(w);
  if (waited) --w.limiter_.waiters_;
  w.limiter_.put_back(key);
  return waited;
}

}  // namespace dwell::inline v0
