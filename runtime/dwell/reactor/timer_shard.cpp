#include <new>
#include <utility>

#include <dwell/reactor/timer_shard.hpp>

namespace dwell::inline v0::reactor {

timer_shard::timer_shard() : chunks_(new chunk[most_chunks]) {}

void timer_shard::add_chunk() {
  const std::uint32_t count = fresh_.load(base::relaxed);  // relaxed: only the worker writes it
  if (count == most_chunks) throw std::bad_alloc();
  chunk made{std::make_unique<timer_cell[]>(cells_per_chunk),
             std::unique_ptr<wheel::block[]>(new wheel::block[blocks_per_chunk])};
  chunks_[count] = std::move(made);
  // relaxed: the reactor reads it only after it took a cell of the chunk from the inbox.
  fresh_.store(count + 1, base::relaxed);
  const std::uint32_t first = count * cells_per_chunk;
  for (std::uint32_t i = cells_per_chunk; i > 0; --i) {
    cell(first + i - 1).next_ = free_;
    free_ = first + i - 1;
  }
}

void timer_shard::drain(wheel& into, std::uint64_t tag) noexcept {
  // acquire: pairs with the release in arm(); publishes the cells' fields and chunks.
  std::uint32_t index = inbox_.exchange(none, base::acquire);
  if (index != none) lend_fresh(into);
  while (index != none) {
    const timer_cell& c = cell(index);
    into.insert({c.deadline_ns_, tag | index});
    index = c.next_;
  }
}

void timer_shard::lend_fresh(wheel& to) noexcept {
  // relaxed: ordered by the inbox, see add_chunk().
  for (const std::uint32_t count = fresh_.load(base::relaxed); lent_ < count; ++lent_)
    to.lend(chunks_[lent_].blocks.get(), blocks_per_chunk);
}

timer_ticket timer_shard::arm(core::frame_header& root, std::int64_t deadline_ns) noexcept {
  const std::uint32_t index = free_;
  timer_cell& c = cell(index);
  free_ = c.next_;
  const std::uint32_t generation = c.arm(root, deadline_ns);
  armed_.add(+1);
  std::uint32_t head = inbox_.load(base::relaxed);  // relaxed: a guess
  do {
    c.next_ = head;
    // release: publishes the cell, and its chunk, to drain().
  } while (!inbox_.compare_exchange_weak(head, index, base::release, base::relaxed));
  return {index, generation};
}

void timer_shard::return_freed() noexcept {
  if (freed_ == none) return;
  std::uint32_t head = returned_.load(base::relaxed);  // relaxed: a guess
  do {
    cell(freed_last_).next_ = head;
    // release: pairs with the acquire in take_returned(); publishes the links.
  } while (!returned_.compare_exchange_weak(head, freed_, base::release, base::relaxed));
  freed_ = none;
  released_.add(std::exchange(freed_count_, 0));
}

bool timer_shard::take_returned() noexcept {
  if (returned_.load(base::relaxed) == none) return false;  // relaxed: a look before the exchange
  // acquire: pairs with the release in return_freed().
  free_ = returned_.exchange(none, base::acquire);
  return free_ != none;
}

}  // namespace dwell::inline v0::reactor
