#include <new>
#include <utility>

#include <dwell/reactor/timer_shard.hpp>

namespace dwell::inline v0::reactor {

timer_shard::timer_shard() : chunks_(static_cast<chunk*>(std::calloc(most_chunks, sizeof(chunk)))) {
  if (chunks_ == nullptr) throw std::bad_alloc();
}

timer_shard::~timer_shard() {
  const std::uint32_t count = fresh_.load(base::relaxed);  // relaxed: nobody else is left
  for (std::uint32_t i = 0; i < count; ++i) {
    delete[] chunks_[i].cells;
    delete[] chunks_[i].blocks;
  }
}

void timer_shard::add_chunk() {
  const std::uint32_t count = fresh_.load(base::relaxed);  // relaxed: only the worker writes it
  if (count == most_chunks) throw std::bad_alloc();
  auto cells = std::make_unique<timer_cell[]>(cells_per_chunk);
  auto blocks = std::unique_ptr<wheel::block[]>(new wheel::block[blocks_per_chunk]);
  chunks_[count] = {cells.release(), blocks.release()};
  // release: pairs with lend_fresh(), which may meet a chunk before any of its cells.
  fresh_.store(count + 1, base::release);
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
  // acquire: pairs with the release in add_chunk().
  for (const std::uint32_t count = fresh_.load(base::acquire); lent_ < count; ++lent_)
    to.lend(chunks_[lent_].blocks, blocks_per_chunk);
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
  // Pairs with the fence in reactor::pending_timers(): who sees these released also sees what
  // became of the dead among them.
  base::fence(base::release);
  released_.add(std::exchange(freed_count_, 0));
}

bool timer_shard::take_returned() noexcept {
  if (returned_.load(base::relaxed) == none) return false;  // relaxed: a look before the exchange
  // acquire: pairs with the release in return_freed().
  free_ = returned_.exchange(none, base::acquire);
  return free_ != none;
}

}  // namespace dwell::inline v0::reactor
