// One worker: a thread's worth of running chains. It owns no thread: step() does one bounded piece
// of work and returns; the pool's threads loop it, and a simulation may call it.
//
// Where the next piece of work comes from, in this order:
//   1. every `fairness_interval` polls: the injector, the oldest of the own deque, the LIFO slot
//      and a glance at the sockets, in turn, so that nothing starves behind a stream of new work;
//   2. the LIFO slot: what the running chain just woke, while its data is warm; at most `lifo_cap`
//      times in a row, or two chains that wake each other would keep a third from ever running;
//   3. the own deque, newest first;
//   4. the LIFO slot, over the cap;
//   5. the injector;
//   6. another worker's deque.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <dwell/base/cache_line.hpp>
#include <dwell/scheduler/deque.hpp>
#include <dwell/scheduler/tuning.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/work.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::scheduler {

class pool;

class DWELL_API worker final : public core::run_context {
 public:
  worker(pool& owner, std::uint32_t index, const tuning& t);

  /// The worker that the calling thread is, or null. Every context there is belongs to a worker.
  static worker* current() noexcept { return static_cast<worker*>(core::current_context); }

  /// Runs one piece of work if there is one without searching far. False: idle.
  bool step();

  /// Takes the piece that step() would run; empty: idle. For a simulation, which chooses itself.
  [[nodiscard]] core::work next_work();

  /// Searches as long as the tuning says. Call when step() found nothing.
  [[nodiscard]] core::work search();

  /// Whether the worker, out of work, should nap instead of searching: what it stole last was
  /// hardly worth the theft (which costs the victim an interrupt), or it was called in vain.
  [[nodiscard]] bool wants_nap() noexcept;
  /// How long: the longer, the more thefts in a row were not worth it.
  [[nodiscard]] std::int64_t nap_ns() const noexcept { return nap_ns_; }
  /// It was woken, or woke from a nap, and found nothing.
  void called_in_vain() noexcept;
  /// What it stole is done, and it goes on with something else: the chain that waited for it, say.
  void theft_ended() noexcept {
    if (stole_at_ns_ != 0) judge_theft();
  }

  /// Runs `w` and what follows from it inline.
  void run(core::work w);

  // ---- For the chain that runs on this worker ----

  /// Room for `count` pushes. Throws std::bad_alloc.
  void reserve(std::int64_t count) { deque_.reserve(count); }
  /// Appends to the deque; others see it after publish().
  void push_reserved(core::frame_header& root) noexcept {
    deque_.push_reserved(core::work::of_frame(root).bits());
  }
  /// The same for `count` of them, the i-th is `root_at(i)`.
  template <class RootAt>
  void push_reserved(std::uint32_t count, RootAt root_at) noexcept {
    deque_.push_reserved(count,
                         [&](std::uint32_t i) { return core::work::of_frame(root_at(i)).bits(); });
  }
  /// Wakes somebody for what was pushed, if nobody searches already.
  void publish() noexcept;
  /// The newest of the deque: for a join that looks for its next child.
  [[nodiscard]] core::work pop() noexcept { return core::work::from_bits(deque_.pop()); }
  /// Takes back what pop() gave.
  void unpop(core::work w) noexcept {
    deque_.push_reserved(w.bits());
    publish();
  }
  /// Whether other work waits on this worker.
  [[nodiscard]] bool has_more() const noexcept { return lifo_ || !deque_.looks_empty(); }
  /// Queues a chain that this worker's chain woke. Never fails.
  void submit_local(core::work w) noexcept;

  // ---- For other workers and the pool ----

  /// What it took up last, after it was idle, was a batch of timers. Its own thread's.
  bool ran_timers = false;

  [[nodiscard]] deque& queue() noexcept { return deque_; }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] trace::worker_counters& counters() noexcept { return counters_; }

 private:
  using source = core::work (worker::*)() noexcept;
  [[nodiscard]] core::work overdue_work() noexcept;
  [[nodiscard]] core::work take_oldest() noexcept;
  [[nodiscard]] core::work take_lifo() noexcept;
  [[nodiscard]] core::work take_injected() noexcept;
  [[nodiscard]] core::work take_ready() noexcept;
  [[nodiscard]] core::work steal_from(worker& victim) noexcept;
  [[nodiscard]] core::work steal_from_anyone() noexcept;
  void judge_theft() noexcept;
  [[nodiscard]] bool fairness_due() noexcept;
  [[nodiscard]] bool try_reserve(std::int64_t count) noexcept;
  void run_batch(core::wake_batch& batch);
  void run_frame(core::frame_header& first);
  void resume(core::frame_header& f);
  [[nodiscard]] bool make_way(core::frame_header& f);
  void begin(core::frame_header& root);
  [[nodiscard]] std::uint32_t random_below(std::uint32_t bound) noexcept;

  deque deque_;
  core::work lifo_;
  std::uint32_t lifo_run_ = 0;
  std::uint32_t overdue_turn_ = 0;  // which kind overdue_work() looks at first
  std::uint32_t naps_left_ = 0;
  std::int64_t stole_at_ns_ = 0;  // when it last stole; 0 once that was judged
  std::int64_t stole_count_ = 0;
  std::uint64_t random_;
  pool& pool_;
  const std::uint32_t index_;
  const tuning tuning_;
  std::int64_t steal_limit_;
  std::int64_t nap_ns_;
  std::uint32_t polls_until_fair_;
  std::vector<deque::item> loot_;
  trace::worker_counters counters_;
};

}  // namespace dwell::inline v0::scheduler
