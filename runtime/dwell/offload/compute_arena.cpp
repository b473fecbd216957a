#include <algorithm>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <optional>
#include <utility>

#include <dwell/offload/compute_arena.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/futex.hpp>

namespace dwell::inline v0::offload {

namespace {

using control = tbb::global_control;

// How often the end looks whether the last turns have been taken. They have nothing left to do.
constexpr std::int64_t patience_ns = 1'000'000;

}  // namespace

struct compute_arena::tbb_arena {
  // No slot is reserved for an outside thread: none ever enters.
  explicit tbb_arena(unsigned width) : arena(static_cast<int>(width), 0) {
    // oneTBB starts one thread fewer than it may use: it counts the one that waits.
    const std::size_t needed = std::size_t{width} + 1;
    if (control::active_value(control::max_allowed_parallelism) < needed)
      more_threads.emplace(control::max_allowed_parallelism, needed);
  }

  std::optional<control> more_threads;
  tbb::task_arena arena;
};

// A job that runs, on the stack of the thread that runs it.
struct compute_arena::turn {
  tbb::task_group_context context{tbb::task_group_context::isolated};
  job* taken = nullptr;
  turn* next = nullptr;
};

compute_arena::compute_arena(unsigned threads) noexcept : width_(threads) {}

compute_arena::~compute_arena() {
  base::atomic<std::uint32_t> nobody_wakes{0};
  for (;;) {
    {
      const os::lock_guard guard(lock_);
      DWELL_ASSERT(queue_.size() + running_count_ == 0, "jobs end before their arena does");
      if (turns_ == 0) return;
    }
    static_cast<void>(os::futex_wait_until(nobody_wakes, 0, os::now_ns() + patience_ns));
  }
}

void compute_arena::submit(job& j) noexcept {
  std::exception_ptr error;
  {
    // Held over enqueue(), which runs nothing of ours: so a job never lacks its turn.
    const os::lock_guard guard(lock_);
    queue_.push(j);
    try {
      if (arena_ == nullptr) arena_ = std::make_unique<tbb_arena>(width_);
      // release: pairs with the acquire in take_turn(). oneTBB orders the two itself, but out of
      // ThreadSanitizer's sight.
      base::fence(base::release);
      arena_->arena.enqueue([this] { take_turn(); });
      ++turns_;
    } catch (...) {
      queue_.remove(j);
      error = std::current_exception();
    }
  }
  if (error == nullptr) return;
  j.fail(std::move(error));
  j.finish();
}

bool compute_arena::take_out(job& j) noexcept {
  const os::lock_guard guard(lock_);
  return queue_.remove(j);
}

void compute_arena::interrupt(job& j) noexcept {
  const os::lock_guard guard(lock_);
  for (turn* t = running_; t != nullptr; t = t->next)
    if (t->taken == &j) t->context.cancel_group_execution();
}

// ---- On a thread of the arena ----

void compute_arena::take_turn() noexcept {
  base::fence(base::acquire);  // acquire: pairs with the release in submit()
  turn t;
  if (!begin(t)) return;
  tbb::task_group group(t.context);
  // An interrupt that comes first keeps the function from beginning: then it has no result.
  group.run_and_wait([&t] { t.taken->run(); });
  end(t);
}

bool compute_arena::begin(turn& t) noexcept {
  const os::lock_guard guard(lock_);
  t.taken = queue_.pop();
  if (t.taken == nullptr) {
    --turns_;
    return false;
  }
  t.taken->begun();
  t.next = std::exchange(running_, &t);
  ++running_count_;
  ++steps_;
  return true;
}

void compute_arena::end(turn& t) noexcept {
  job& ended = *t.taken;
  {
    const os::lock_guard guard(lock_);
    turn** at = &running_;
    while (*at != &t) at = &(*at)->next;
    *at = t.next;
    --running_count_;
    ++steps_;
  }
  ended.finish();
  // After the job: whoever sees that no turn is left may destroy the arena.
  const os::lock_guard guard(lock_);
  --turns_;
}

compute_load compute_arena::load() noexcept {
  const os::lock_guard guard(lock_);
  return {queue_.size(), running_count_, steps_};
}

}  // namespace dwell::inline v0::offload
