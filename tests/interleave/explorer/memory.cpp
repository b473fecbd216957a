#include "memory.hpp"

#include <array>

namespace model {
namespace {

bool acquires(std::memory_order o) {
  return o == std::memory_order_acquire || o == std::memory_order_consume ||
         o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
}

bool releases(std::memory_order o) {
  return o == std::memory_order_release || o == std::memory_order_acq_rel ||
         o == std::memory_order_seq_cst;
}

bool sequential(std::memory_order o) { return o == std::memory_order_seq_cst; }

}  // namespace

/// The ranks among which one operation chooses, tamest (newest) first.
struct memory::candidates {
  std::array<std::uint16_t, 64> rank;
  unsigned count = 0;
  void add(unsigned r) {
    if (count < rank.size()) rank[count++] = static_cast<std::uint16_t>(r);
  }
};

unsigned memory::pick(const candidates& all) {
  if (reorderings_ == 0) return all.rank[0];
  const unsigned picked = choices_.pick(all.count, choice_kind::value);
  if (picked != 0) --reorderings_;
  return all.rank[picked];
}

void memory::begin(unsigned spurious_failures, bool searching) {
  reorderings_ = searching ? settings_.reorderings : ~0u;
  count_ = 0;
  ++execution_;
  spurious_failures_ = spurious_failures;
  sequenced_.clear();
  light_.clear();
  heavy_.clear();
}

memory::slot& memory::probe(const void* address) {
  auto hash = reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15u >> 40;
  for (;; ++hash) {
    slot& s = table_[hash % slots];
    if (s.execution != execution_ || s.address == address) return s;
  }
}

location* memory::find(const void* address) {
  const slot& s = probe(address);
  return s.execution == execution_ ? locations_[s.location].get() : nullptr;
}

location& memory::create(const void* address, unsigned size, std::uint64_t initial) {
  if (count_ == locations_.size()) locations_.push_back(std::make_unique<location>());
  location& l = *locations_[count_];
  l.begin(count_, address, size, initial);
  probe(address) = {address, execution_, count_};
  ++count_;
  return l;
}

void memory::see(view& v, const location& l, store_index index) const {
  if (l.rank(v[l.id]) < l.rank(index)) v.set(l.id, index);
}

void memory::join(view& into, const view& from) const {
  for (unsigned i = 0; i < from.width(); ++i) {
    if (from[i] != into[i]) see(into, *locations_[i], from[i]);
  }
}

void memory::join(knowledge& into, const knowledge& from) const {
  for (unsigned i = 0; i < max_threads; ++i) {
    if (into.clock[i] < from.clock[i]) into.clock[i] = from.clock[i];
  }
  join(into.seen, from.seen);
}

unsigned memory::floor(const thread& t, const location& l, std::memory_order order) const {
  const unsigned own = l.rank(t.current.seen[l.id]);
  if (!sequential(order)) return own;
  const unsigned fixed = l.rank(sequenced_[l.id]);
  return fixed > own ? fixed : own;
}

// A loop that yields and reads the same stale value again has learnt nothing: exploring it any
// number of times would only make executions endless. Hardware does not withhold a store for ever.
bool memory::stale_reread(const thread& t, const location& l, unsigned rank) const {
  const thread::visit& last = t.visits[l.id];
  return rank != l.newest_rank() && t.earlier_round(last.read_round) && l.ranked(rank) == last.read;
}

// For the same reason a loop of updates does not go in front of the same store for ever.
unsigned memory::write_floor(const thread& t, const location& l, std::memory_order order,
                             bool update) const {
  const bool spinning = update && t.earlier_round(t.visits[l.id].wrote_round);
  return settings_.reorder_stores && !spinning ? floor(t, l, order) : l.newest_rank();
}

memory::access memory::read(thread& t, location& l, unsigned rank, std::memory_order order) {
  const store_index index = l.ranked(rank);
  thread::visit& last = t.visits[l.id];
  fruitless_ = last.read_round >= t.first_round && last.read == index;
  last.read = index;
  last.read_round = t.round;
  see(t.current.seen, l, index);
  join(acquires(order) ? t.current : t.unfenced, l[index].message);
  if (sequential(order)) see(sequenced_, l, index);
  read_rank_ = rank;
  return {l[index].value, l.newest_rank() - rank};
}

memory::access memory::load(thread& t, location& l, std::memory_order order) {
  candidates all;
  const unsigned lowest = floor(t, l, order);
  for (unsigned r = l.newest_rank() + 1; r-- > lowest;) {
    if (!stale_reread(t, l, r)) all.add(r);
  }
  return read(t, l, pick(all), order);
}

void memory::publish(thread& t, location& l, store_index index, std::memory_order order) {
  see(t.current.seen, l, index);
  join(l[index].message, releases(order) ? t.current : t.released);
  if (sequential(order)) see(sequenced_, l, index);
  t.visits[l.id].read_round = 0;
  t.visits[l.id].wrote_round = t.round;
}

/// The place in modification order behind which a write or an update goes.
unsigned memory::pick_place(thread& t, location& l, std::memory_order order, bool update) {
  candidates all;
  const unsigned lowest = write_floor(t, l, order, update);
  for (unsigned r = l.newest_rank() + 1; r-- > lowest;) {
    if (!l[l.ranked(r)].consumed) all.add(r);
  }
  return pick(all);
}

memory::access memory::write(thread& t, location& l, std::uint64_t value, std::memory_order order) {
  const unsigned rank = pick_place(t, l, order, false);
  const unsigned behind = l.newest_rank() - rank;
  publish(t, l, l.insert_behind(rank, value), order);
  return {value, behind};
}

memory::access memory::update_begin(thread& t, location& l, std::memory_order order) {
  return read(t, l, pick_place(t, l, order, true), order);
}

void memory::update_end(thread& t, location& l, std::uint64_t value, std::memory_order order) {
  const store_index from = l.ranked(read_rank_);
  l[from].consumed = true;
  const store_index index = l.insert_behind(read_rank_, value);
  join(l[index].message, l[from].message);
  publish(t, l, index, order);
}

// A strong exchange that reads the expected value succeeds, so it must not read one that another
// read-modify-write has taken; a weak one may fail there, as it may anywhere.
memory::access memory::compare_exchange(thread& t, location& l, std::uint64_t expected,
                                        std::uint64_t desired, std::memory_order success,
                                        std::memory_order failure, bool weak) {
  candidates all;
  constexpr unsigned spurious = 0x8000;
  const unsigned success_floor = write_floor(t, l, success, true);
  const unsigned failure_floor = floor(t, l, failure);
  for (unsigned r = l.newest_rank() + 1; r-- > failure_floor;) {
    const store& s = l[l.ranked(r)];
    if (s.value != expected) {
      if (!stale_reread(t, l, r)) all.add(r);
      continue;
    }
    if (!s.consumed && r >= success_floor) all.add(r);
    if (weak && spurious_failures_ > 0) all.add(r | spurious);
  }
  const unsigned picked = pick(all);
  const unsigned rank = picked & ~spurious;
  const bool fails = (picked & spurious) != 0 || l[l.ranked(rank)].value != expected;
  if ((picked & spurious) != 0) --spurious_failures_;
  access result = read(t, l, rank, fails ? failure : success);
  result.done = !fails;
  if (!fails) update_end(t, l, desired, success);
  return result;
}

std::uint64_t memory::peek(thread& t, location& l) {
  see(t.current.seen, l, l.newest());
  return l[l.newest()].value;
}

void memory::fence(thread& t, std::memory_order order) {
  if (acquires(order)) join(t.current, t.unfenced);
  if (sequential(order)) {
    join(t.current.seen, sequenced_);
    join(sequenced_, t.current.seen);
  }
  if (releases(order)) t.released = t.current;
}

// On real hardware a light fence is a compiler barrier. It means something only to a heavy fence,
// which interrupts every processor: of the two, the one that comes second sees what came before the
// first. So light fences pair with heavy ones and with nothing else, and neither acquire nor
// release.
void memory::light_fence(thread& t) {
  if (settings_.symmetric_fences) return fence(t, std::memory_order_seq_cst);
  join(t.current.seen, heavy_);
  join(light_, t.current.seen);
}

void memory::heavy_fence(thread& t) {
  if (!settings_.symmetric_fences) {
    join(heavy_, t.current.seen);
    join(t.current.seen, light_);
  }
  fence(t, std::memory_order_seq_cst);
}

}  // namespace model
