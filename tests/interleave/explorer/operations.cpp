// What each operation of a model thread does, between the scheduler and the memory model.
#include <cstring>

#include "execution.hpp"
#include "heap.hpp"

namespace model {
namespace {

std::uint64_t raw_value(const object& o) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, o.address, o.size);
  return bits;
}

}  // namespace

void execution::note(const object& o, action what, std::memory_order order, std::uint64_t before,
                     std::uint64_t after, unsigned behind) {
  trace_.add({current_, what, order, o.address, o.size, before, after, behind, o.where});
}

void execution::note(action what, std::source_location where, std::uint64_t after,
                     std::memory_order order) {
  trace_.add({current_, what, order, nullptr, 0, 0, after, 0, where});
}

location& execution::place(const void* address, unsigned size, std::uint64_t initial) {
  if (memory_.full()) fail("a model may have at most %u atomics", max_locations);
  return memory_.create(address, size, initial);
}

// An atomic with static storage is met here for the first time; its object holds the initial value.
location& execution::use(const object& o) {
  thread& t = current();
  location* l = memory_.find(o.address);
  if (l == nullptr) l = &place(o.address, o.size, raw_value(o));
  if (!l->alive)
    fail("%s is used after its destruction (%s:%u)", trace_.describe(o.address, o.size).c_str(),
         o.where.file_name(), o.where.line());
  if (l->created > t.current.clock[l->creator])
    fail("%s is used, but its construction does not happen before that (%s:%u)",
         trace_.describe(o.address, o.size).c_str(), o.where.file_name(), o.where.line());
  l->accessed[t.id] = t.tick();
  return *l;
}

void execution::born(const object& o, std::uint64_t value) {
  heap::engine_scope engine;
  location& l = place(o.address, o.size, value);
  disturb({step::kind::write, std::memory_order_relaxed, o.address});
  l.creator = current_;
  l.created = current().tick();
  note(o, action::born, std::memory_order_relaxed, 0, value, 0);
}

void execution::died(const object& o) {
  heap::engine_scope engine;
  location* l = memory_.find(o.address);
  if (l == nullptr) return;
  disturb({step::kind::write, std::memory_order_relaxed, o.address});
  const thread& t = current();
  note(o, action::died, std::memory_order_relaxed, 0, 0, 0);
  if (!l->alive) fail("%s is destroyed twice", trace_.describe(o.address, o.size).c_str());
  for (unsigned i = 0; i < max_threads; ++i) {
    if (l->accessed[i] > t.current.clock[i])
      fail("%s is destroyed, but an access by %s does not happen before that",
           trace_.describe(o.address, o.size).c_str(), trace_.thread_name(i));
  }
  l->alive = false;
}

// Many reads in a row that bring nothing new, and no write: a spin loop without a pause.
void execution::count_read(thread& t) {
  t.fruitless_reads = memory_.fruitless() ? t.fruitless_reads + 1 : 0;
}

std::uint64_t execution::load(const object& o, std::memory_order order) {
  heap::engine_scope engine;
  reach({step::kind::load, order, o.address}, o.where);
  thread& t = current();
  const memory::access a = memory_.load(t, use(o), order);
  count_read(t);
  note(o, action::load, order, a.value, 0, a.behind);
  return a.value;
}

void execution::write(const object& o, std::uint64_t value, std::memory_order order) {
  heap::engine_scope engine;
  reach({step::kind::write, order, o.address}, o.where);
  thread& t = current();
  const memory::access a = memory_.write(t, use(o), value, order);
  t.fruitless_reads = 0;
  progress();
  note(o, action::store, order, 0, value, a.behind);
}

std::uint64_t execution::update_begin(const object& o, std::memory_order order) {
  heap::engine_scope engine;
  reach({step::kind::write, order, o.address}, o.where);
  updated_ = memory_.update_begin(current(), use(o), order);
  return updated_.value;
}

void execution::update_end(const object& o, std::uint64_t value, std::memory_order order) {
  heap::engine_scope engine;
  thread& t = current();
  memory_.update_end(t, *memory_.find(o.address), value, order);
  t.fruitless_reads = 0;
  progress();
  note(o, action::update, order, updated_.value, value, updated_.behind);
}

bool execution::compare_exchange(const object& o, std::uint64_t& expected, std::uint64_t desired,
                                 std::memory_order success, std::memory_order failure, bool weak) {
  heap::engine_scope engine;
  reach({step::kind::write, success, o.address}, o.where);
  thread& t = current();
  const memory::access a =
      memory_.compare_exchange(t, use(o), expected, desired, success, failure, weak);
  if (a.done) {
    t.fruitless_reads = 0;
    progress();
    note(o, action::update, success, expected, desired, a.behind);
    return true;
  }
  count_read(t);
  note(o, action::exchange_failed, failure, a.value, expected, a.behind);
  expected = a.value;
  return false;
}

void execution::fence(std::memory_order order, std::source_location where) {
  heap::engine_scope engine;
  if (order == std::memory_order_relaxed) return;
  reach({step::kind::fence, order, nullptr}, where);
  memory_.fence(current(), order);
  note(action::fence, where, 0, order);
}

void execution::light_fence(std::source_location where) {
  heap::engine_scope engine;
  const bool full = settings_.symmetric_fences;
  reach({full ? step::kind::heavy_fence : step::kind::light_fence, std::memory_order_relaxed,
         nullptr},
        where);
  memory_.light_fence(current());
  note(action::light_fence, where);
}

void execution::heavy_fence(std::source_location where) {
  heap::engine_scope engine;
  reach({step::kind::heavy_fence, std::memory_order_seq_cst, nullptr}, where);
  memory_.heavy_fence(current());
  note(action::heavy_fence, where);
}

bool execution::futex_wait(const object& o, std::uint64_t expected, bool may_time_out) {
  heap::engine_scope engine;
  reach({step::kind::write, std::memory_order_relaxed, o.address}, o.where);
  thread& t = current();
  const std::uint64_t value = memory_.peek(t, use(o));
  const bool spurious =
      value == expected && spurious_wakes_ > 0 && choices_.pick(2, choice_kind::other) == 1;
  if (spurious) --spurious_wakes_;
  const bool passes = value != expected || spurious;
  note(o, passes ? action::futex_pass : action::futex_sleep, std::memory_order_relaxed, value,
       expected, 0);
  if (passes) return true;
  t.state = thread_state::sleeping;
  t.sleeps_on = o.address;
  t.may_time_out = may_time_out;
  t.timed_out = false;
  t.progress_seen = progress_;
  give_up(reason::stopping);
  return !t.timed_out;
}

// Only the address counts: a wake may come after the word's owner has left, as in the kernel.
void execution::futex_wake(const object& o, int count) {
  heap::engine_scope engine;
  reach({step::kind::write, std::memory_order_relaxed, o.address}, o.where);
  candidates asleep;
  for (unsigned i = 0; i < count_; ++i) {
    const thread& t = *threads_[i];
    if (t.state == thread_state::sleeping && t.sleeps_on == o.address)
      asleep.id[asleep.count++] = i;
  }
  std::uint64_t woken = 0;
  for (; count > 0 && asleep.count > 0; --count, ++woken) {
    const unsigned picked = choices_.pick(asleep.count, choice_kind::other);
    threads_[asleep.id[picked]]->state = thread_state::ready;
    asleep.id[picked] = asleep.id[--asleep.count];
    progress();
  }
  note(o, action::futex_wake, std::memory_order_relaxed, 0, woken, 0);
}

void execution::check_plain(unsigned other, epoch when, const void* address, unsigned size,
                            const char* what, std::source_location where) {
  if (when <= current().current.clock[other]) return;
  fail("data race on %s: %s at %s:%u, and a conflicting access by %s is not ordered with it",
       trace_.describe(address, size).c_str(), what, where.file_name(), where.line(),
       trace_.thread_name(other));
}

void execution::plain_read(const void* address, unsigned size, plain_history& h,
                           std::source_location where) {
  heap::engine_scope engine;
  const object o{const_cast<void*>(address), size, where};
  note(o, action::plain_read, std::memory_order_relaxed, 0, 0, 0);
  check_plain(h.writer, h.written, address, size, "a read", where);
  h.read[current_] = current().tick();
}

void execution::plain_write(const void* address, unsigned size, plain_history& h,
                            std::source_location where) {
  heap::engine_scope engine;
  const object o{const_cast<void*>(address), size, where};
  note(o, action::plain_write, std::memory_order_relaxed, 0, 0, 0);
  check_plain(h.writer, h.written, address, size, "a write", where);
  for (unsigned i = 0; i < count_; ++i) check_plain(i, h.read[i], address, size, "a write", where);
  h.writer = current_;
  h.written = current().tick();
}

}  // namespace model
