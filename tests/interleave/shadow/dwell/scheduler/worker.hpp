// Stands in front of runtime/dwell/scheduler/worker.hpp in the models: what joins and the pool ask
// of a worker, over the production deque, made small. The worlds of the models define the rest.
#pragma once

#include <cstdint>

#include <dwell/scheduler/deque.hpp>
#include <dwell/scheduler/tuning.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/work.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::scheduler {

class pool;

class worker final : public core::run_context {
 public:
  explicit worker(core::executor& e) : run_context(e) {}
  worker(pool& owner, std::uint32_t index, const tuning&);

  static worker* current() noexcept { return static_cast<worker*>(core::current_context); }

  // ---- For joins ----
  void reserve(std::int64_t count) { deque_.reserve(count); }
  void push_reserved(core::frame_header& root) noexcept {
    deque_.push_reserved(core::work::of_frame(root).bits());
  }
  template <class RootAt>
  void push_reserved(std::uint32_t count, RootAt root_at) noexcept {
    deque_.push_reserved(count,
                         [&](std::uint32_t i) { return core::work::of_frame(root_at(i)).bits(); });
  }
  void publish() noexcept;
  [[nodiscard]] core::work pop() noexcept { return core::work::from_bits(deque_.pop()); }
  void unpop(core::work w) noexcept { deque_.push_reserved(w.bits()); }
  void theft_ended() noexcept {}

  // ---- For the pool ----
  bool step();
  [[nodiscard]] core::work search();
  void run(core::work w);
  void submit_local(core::work w) noexcept;
  [[nodiscard]] bool has_more() const noexcept { return !deque_.looks_empty(); }
  [[nodiscard]] bool wants_nap() noexcept { return naps_left > 0 && naps_left-- > 0; }
  [[nodiscard]] std::int64_t nap_ns() const noexcept { return 1; }
  void called_in_vain() noexcept {}
  [[nodiscard]] deque& queue() noexcept { return deque_; }
  [[nodiscard]] std::uint32_t index() const noexcept { return index_; }
  [[nodiscard]] trace::worker_counters& counters() noexcept { return counters_; }

  std::uint32_t naps_left = 0;
  bool ran_timers = false;

 private:
  deque deque_{8, {.most = 2, .small = 4}};
  pool* pool_ = nullptr;
  std::uint32_t index_ = 0;
  trace::worker_counters counters_;
};

}  // namespace dwell::inline v0::scheduler
