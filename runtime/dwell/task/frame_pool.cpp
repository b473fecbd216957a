#include <algorithm>
#include <new>

#include <dwell/os/lock.hpp>
#include <dwell/task/frame_depot.hpp>
#include <dwell/task/frame_pool.hpp>

namespace dwell::inline v0::core {

constinit frame_cache no_frame_cache{UINT32_MAX};
constinit thread_local frame_cache* current_frame_cache = &no_frame_cache;
base::atomic<std::uint32_t> frame_cache_limit{256};

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::uint32_t batch_frames = 64;

// Never destroyed: threads free frames while static destructors run.
struct depot {
  frame_shelf shelves[frame_classes];
  os::lock lock;  // guards the rest
  struct member {
    frame_cache cache;
    member* next = nullptr;
    bool free = false;
  };
  member* members = nullptr;
  /// Frames made minus freed by threads that have no cache any more, or not yet.
  std::int64_t live_elsewhere = 0;

  frame_cache& join() {
    const os::lock_guard guard(lock);
    for (member* m = members; m != nullptr; m = m->next) {
      if (!m->free) continue;
      m->free = false;
      return m->cache;
    }
    auto* const made = new member;
    made->next = members;
    members = made;
    return made->cache;
  }
};

depot& the_depot() {
  static auto* const instance = new depot;
  return *instance;
}

void put_list(frame_cache& cache, std::size_t cls, std::uint32_t count) noexcept {
  if (count == 0) return;
  free_frame* const first = cache.lists[cls];
  free_frame* last = first;
  for (std::uint32_t i = 1; i < count; ++i) last = last->next;
  cache.lists[cls] = last->next;
  cache.counts[cls] -= count;
  last->next = nullptr;
  the_depot().shelves[cls].put({first, count});
}

// Ends a thread's cache: its frames and the rest of its chunk stay usable, by others and by the
// next thread that takes the same cache over.
struct cache_owner {
  cache_owner() : cache(&the_depot().join()) { current_frame_cache = cache; }
  ~cache_owner() {
    current_frame_cache = &no_frame_cache;
    for (std::size_t cls = 0; cls < frame_classes; ++cls) put_list(*cache, cls, cache->counts[cls]);
    depot& d = the_depot();
    const os::lock_guard guard(d.lock);
    for (depot::member* m = d.members; m != nullptr; m = m->next)
      if (&m->cache == cache) m->free = true;
    thread_ended = true;
  }
  cache_owner(const cache_owner&) = delete;
  cache_owner& operator=(const cache_owner&) = delete;

  frame_cache* const cache;
  static constinit thread_local bool thread_ended;
};

constinit thread_local bool cache_owner::thread_ended = false;

// Null once the thread's own cache is gone, and where there is no memory to make one.
frame_cache* ensure_cache() noexcept {
  if (current_frame_cache != &no_frame_cache) return current_frame_cache;
  if (cache_owner::thread_ended) return nullptr;
  try {
    static thread_local const cache_owner owner;
    return owner.cache;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void count_elsewhere(std::int64_t change) noexcept {
  depot& d = the_depot();
  const os::lock_guard guard(d.lock);
  d.live_elsewhere += change;
}

[[maybe_unused]] void* carve(frame_cache& cache, std::size_t cls) {
  const std::size_t bytes = cls * frame_class_step;
  if (static_cast<std::size_t>(cache.bump_end - cache.bump) < bytes) {
    cache.bump = static_cast<char*>(::operator new(chunk_bytes));
    cache.bump_end = cache.bump + chunk_bytes;
  }
  void* const frame = cache.bump;
  cache.bump += bytes;
  return frame;
}

[[maybe_unused]] void* take_pooled(frame_cache& cache, std::size_t cls) {
  if (cache.lists[cls] == nullptr) {
    const frame_shelf::batch batch = the_depot().shelves[cls].take();
    if (batch.first == nullptr) return carve(cache, cls);
    cache.lists[cls] = batch.first;
    cache.counts[cls] = batch.count;
  }
  free_frame* const frame = cache.lists[cls];
  cache.lists[cls] = frame->next;
  --cache.counts[cls];
  return frame;
}

[[maybe_unused]] void give_pooled(frame_cache& cache, void* memory, std::size_t cls) noexcept {
  auto* const frame = static_cast<free_frame*>(memory);
  frame->next = cache.lists[cls];
  cache.lists[cls] = frame;
  if (++cache.counts[cls] > frame_cache_limit.load(base::relaxed))
    put_list(cache, cls, std::min(batch_frames, cache.counts[cls]));
}

bool is_pooled([[maybe_unused]] std::size_t bytes) noexcept {
#ifdef DWELL_SANITIZED
  return false;
#else
  return bytes <= largest_pooled_frame;
#endif
}

}  // namespace

void* allocate_frame_slow(std::size_t bytes) {
  frame_cache* const cache = ensure_cache();
  void* frame = nullptr;
  if (!is_pooled(bytes)) {
    frame = ::operator new(bytes);
  } else if (cache != nullptr) {
    frame = take_pooled(*cache, frame_class(bytes));
  } else {
    // A thread without lists: operator new, rounded up to the class, because whoever frees the
    // frame will put it into one.
    frame = ::operator new(frame_class(bytes) * frame_class_step);
  }
  if (cache != nullptr)
    cache->live.add(+1);
  else
    count_elsewhere(+1);
  return frame;
}

void free_frame_slow(void* memory, std::size_t bytes) noexcept {
  frame_cache* const cache = ensure_cache();
  if (!is_pooled(bytes)) {
    ::operator delete(memory);
  } else if (cache != nullptr) {
    give_pooled(*cache, memory, frame_class(bytes));
  } else {
    auto* const frame = static_cast<free_frame*>(memory);
    frame->next = nullptr;
    the_depot().shelves[frame_class(bytes)].put({frame, 1});
  }
  if (cache != nullptr)
    cache->live.add(-1);
  else
    count_elsewhere(-1);
}

std::int64_t live_frames() noexcept {
  depot& d = the_depot();
  const os::lock_guard guard(d.lock);
  std::int64_t live = d.live_elsewhere;
  for (const depot::member* m = d.members; m != nullptr; m = m->next) live += m->cache.live.get();
  return live;
}

}  // namespace dwell::inline v0::core
