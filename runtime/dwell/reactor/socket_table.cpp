#include <new>

#include <dwell/reactor/socket_table.hpp>

namespace dwell::inline v0::reactor {

socket_table::~socket_table() {
  for (const auto& chunk : chunks_) delete[] chunk.load(base::relaxed);  // relaxed: nobody is left
}

socket_slot& socket_table::at(std::uint32_t number) noexcept {
  const place where = place_of(number);
  // acquire: pairs with the release in add_chunk().
  return chunks_[where.chunk].load(base::acquire)[where.at];
}

socket_slot* socket_table::find(std::uint64_t token) noexcept {
  socket_slot& slot = at(static_cast<std::uint32_t>(token));
  // relaxed: whoever registered the token was there before the poller could give it, and a slot
  // that changes hands now is covered above.
  const bool current = slot.generation.load(base::relaxed) == token >> 32;
  return current ? &slot : nullptr;
}

socket_slot& socket_table::take() {
  const os::lock_guard guard(lock_);
  if (free_ == none) add_chunk();
  socket_slot& slot = at(free_);
  free_ = slot.next_free;
  slot.read.reset();
  slot.write.reset();
  slot.hung_up.store(false, base::relaxed);  // relaxed: ordered by the registration
  size_.fetch_add(1, base::relaxed);         // relaxed: see size()
  return slot;
}

void socket_table::give_back(socket_slot& slot) noexcept {
  // relaxed: see find().
  slot.generation.store(slot.generation.load(base::relaxed) + 1, base::relaxed);
  const os::lock_guard guard(lock_);
  slot.next_free = free_;
  free_ = slot.number;
  size_.fetch_sub(1, base::relaxed);  // relaxed: see size()
}

// Threads the new slots into the free list, the first one first.
void socket_table::add_chunk() {
  const std::size_t chunk = place_of(made_).chunk;
  const std::uint32_t count = first_chunk << chunk;
  auto* const slots = new socket_slot[count];
  for (std::uint32_t i = 0; i < count; ++i) {
    slots[i].number = made_ + i;
    slots[i].next_free = i + 1 < count ? made_ + i + 1 : none;
  }
  // release: pairs with the acquire in at().
  chunks_[chunk].store(slots, base::release);
  free_ = made_;
  made_ += count;
}

}  // namespace dwell::inline v0::reactor
