#include <algorithm>
#include <bit>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/reactor/wheel.hpp>

namespace dwell::inline v0::reactor {

namespace {
// One for each slot to leave half empty, and one that drain() holds while it puts entries back.
constexpr std::size_t slack_blocks = 7 * 256 + 1;
}  // namespace

wheel::wheel(std::int64_t now_ns)
    : now_tick_(tick_of(now_ns)),
      levels_(std::make_unique<level[]>(levels)),
      slack_(new block[slack_blocks]) {
  static_assert(slack_blocks == levels * slots + 1);
}

void wheel::lend(block* blocks, std::size_t count) noexcept {
  for (std::size_t i = count; i > 0; --i) give_back(&blocks[i - 1]);
}

void wheel::insert(entry e) noexcept {
  put(place_of(e), e);
  ++size_;
}

wheel::position wheel::place_of(entry e) const noexcept {
  const std::uint64_t tick = std::max(tick_of(e.deadline_ns), now_tick_);
  const std::uint64_t differs = tick ^ now_tick_;
  const int top_bit = 63 - std::countl_zero(differs | 1);
  const int l = top_bit / level_bits;
  return {l, (tick >> (l * level_bits)) % slots, tick};
}

void wheel::put(position at, entry e) noexcept {
  level& l = levels_[static_cast<std::size_t>(at.level)];
  append(l.slots_[at.index], e);
  l.occupied[at.index / 64] |= std::uint64_t{1} << (at.index % 64);
}

void wheel::append(slot& s, entry e) noexcept {
  if (s.first == nullptr || s.first->count == entries_per_block) {
    block* const fresh = take_block();
    fresh->next = s.first;
    fresh->count = 0;
    s.first = fresh;
  }
  s.first->entries[s.first->count++] = e;
  s.earliest_ns = std::min(s.earliest_ns, e.deadline_ns);
}

// Slack is handed out as it is needed: most programs never touch most of its megabyte.
wheel::block* wheel::take_block() noexcept {
  if (free_ == nullptr) {
    DWELL_ASSERT(slack_used_ < slack_blocks, "room for each timer was lent before it was armed");
    return &slack_[slack_used_++];
  }
  return std::exchange(free_, free_->next);
}

wheel::block* wheel::detach(position at) noexcept {
  level& l = levels_[static_cast<std::size_t>(at.level)];
  slot& s = l.slots_[at.index];
  block* const chain = s.first;
  s = {};
  l.occupied[at.index / 64] &= ~(std::uint64_t{1} << (at.index % 64));
  return chain;
}

void wheel::give_back(block* b) noexcept {
  b->next = free_;
  free_ = b;
}

void wheel::cascade(position from) noexcept {
  for (block* b = detach(from); b != nullptr;) {
    for (std::uint64_t i = 0; i < b->count; ++i) put(place_of(b->entries[i]), b->entries[i]);
    block* const next = b->next;
    give_back(b);
    b = next;
  }
}

// The earliest occupied slot: level 0 from the current tick on, else the lowest level that has one
// after its current slot (the current slot of a higher level is always empty: it has cascaded).
bool wheel::first_occupied(position& found) const noexcept {
  for (int l = 0; l < levels; ++l) {
    const int shift = l * level_bits;
    const std::uint64_t from = (now_tick_ >> shift) % slots + (l > 0 ? 1 : 0);
    for (std::uint64_t word = from / 64; word < slots / 64; ++word) {
      std::uint64_t bits = levels_[static_cast<std::size_t>(l)].occupied[word];
      if (word == from / 64) bits &= ~std::uint64_t{0} << (from % 64);
      if (bits == 0) continue;
      const std::uint64_t index = word * 64 + static_cast<std::uint64_t>(std::countr_zero(bits));
      const std::uint64_t above = now_tick_ >> shift >> level_bits << level_bits << shift;
      found = {l, index, above | index << shift};
      return true;
    }
  }
  return false;
}

std::int64_t wheel::next_deadline() const noexcept {
  position at{};
  if (!first_occupied(at)) return INT64_MAX;
  return levels_[static_cast<std::size_t>(at.level)].slots_[at.index].earliest_ns;
}

}  // namespace dwell::inline v0::reactor
