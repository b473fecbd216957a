#include "heap.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "execution.hpp"

namespace model::heap {

bool tracking = false;

namespace {

enum class state : std::uint64_t { foreign = 0x666f72, alive = 0x616c69, deleted = 0x64656c };

// Stands directly before the bytes that the caller gets.
struct block {
  void* base;
  block* next;
  std::size_t size;
  state now;
};

block* tracked = nullptr;

block* header(void* address) { return static_cast<block*>(address) - 1; }

void* allocate(std::size_t size, std::size_t alignment) noexcept {
  if (alignment < alignof(std::max_align_t)) alignment = alignof(std::max_align_t);
  void* base = std::malloc(size + sizeof(block) + alignment);
  if (base == nullptr) return nullptr;
  const auto first = reinterpret_cast<std::uintptr_t>(base) + sizeof(block);
  auto* address = reinterpret_cast<void*>((first + alignment - 1) / alignment * alignment);
  block* self = header(address);
  *self = {base, nullptr, size, state::foreign};
  if (tracking) {
    self->now = state::alive;
    self->next = tracked;
    tracked = self;
  }
  return address;
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  void* address = allocate(size, alignment);
  if (address == nullptr) throw std::bad_alloc();
  return address;
}

void release(void* address) noexcept {
  if (address == nullptr) return;
  block* self = header(address);
  switch (self->now) {
    case state::foreign:
      std::free(self->base);
      return;
    case state::alive:
      self->now = state::deleted;
      std::memset(address, 0xdb, self->size);
      return;
    case state::deleted:
      now().fail("a block of %zu bytes is deleted twice", self->size);
  }
  now().fail("delete of something that new did not return");
}

}  // namespace

census alive() {
  census count;
  for (const block* b = tracked; b != nullptr; b = b->next) {
    if (b->now != state::alive) continue;
    ++count.blocks;
    count.bytes += b->size;
  }
  return count;
}

void release_all() {
  while (tracked != nullptr) {
    block* gone = tracked;
    tracked = gone->next;
    std::free(gone->base);
  }
}

}  // namespace model::heap

namespace {
constexpr std::size_t plain = alignof(std::max_align_t);
std::size_t to_size(std::align_val_t a) { return static_cast<std::size_t>(a); }
}  // namespace

namespace heap = model::heap;

void* operator new(std::size_t n) { return heap::allocate_or_throw(n, plain); }
void* operator new[](std::size_t n) { return heap::allocate_or_throw(n, plain); }
void* operator new(std::size_t n, std::align_val_t a) {
  return heap::allocate_or_throw(n, to_size(a));
}
void* operator new[](std::size_t n, std::align_val_t a) {
  return heap::allocate_or_throw(n, to_size(a));
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return heap::allocate(n, plain);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return heap::allocate(n, plain);
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return heap::allocate(n, to_size(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return heap::allocate(n, to_size(a));
}
void operator delete(void* p) noexcept { heap::release(p); }
void operator delete[](void* p) noexcept { heap::release(p); }
void operator delete(void* p, std::size_t) noexcept { heap::release(p); }
void operator delete[](void* p, std::size_t) noexcept { heap::release(p); }
void operator delete(void* p, std::align_val_t) noexcept { heap::release(p); }
void operator delete[](void* p, std::align_val_t) noexcept { heap::release(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { heap::release(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { heap::release(p); }
