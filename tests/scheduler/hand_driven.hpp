// A pool without threads: the test is the thread of every worker, and so decides what happens when.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/scheduler/pool.hpp>
#include <dwell/task/background.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/join.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/task.hpp>

namespace dwell_test {

/// The least that a chain can report to.
class lone_chain final : public dwell::core::join {
 public:
  explicit lone_chain(dwell::task<> body) : body_(std::move(body)) {
    root().continuation = static_cast<dwell::core::join*>(this);
    root().root = &root();
  }

  [[nodiscard]] dwell::core::frame_header& root() noexcept {
    return dwell::core::task_access::promise_of(body_);
  }
  [[nodiscard]] bool ended() const noexcept { return ended_.load(dwell::base::acquire); }

  [[nodiscard]] dwell::core::frame_header* chain_ended(
      dwell::core::frame_header&) noexcept override {
    leave();
    ended_.store(true, dwell::base::release);
    return nullptr;
  }
  void for_each_root(root_visitor visit, void* context) noexcept override {
    visit(context, root());
  }

 private:
  dwell::task<> body_;
  dwell::base::atomic<bool> ended_{false};
};

/// Makes the calling thread one of a pool's workers for as long as this lives.
class acting_as {
 public:
  explicit acting_as(dwell::core::run_context& worker) noexcept {
    dwell::core::current_context = &worker;
  }
  ~acting_as() { dwell::core::current_context = nullptr; }
  acting_as(const acting_as&) = delete;
  acting_as& operator=(const acting_as&) = delete;
};

class hand_driven {
 public:
  explicit hand_driven(std::uint32_t workers = 1, dwell::scheduler::tuning t = {})
      : pool_(workers, t) {
    for (std::uint32_t i = 0; i < workers; ++i) pool_.at(i).home = &home_;
  }

  [[nodiscard]] dwell::scheduler::pool& pool() noexcept { return pool_; }
  [[nodiscard]] dwell::scheduler::worker& worker(std::uint32_t i = 0) noexcept {
    return pool_.at(i);
  }

  /// Starts a chain from where the caller is: a chain that runs on a worker, or an outside thread.
  void start(dwell::task<> body) {
    chains_.push_back(std::make_unique<lone_chain>(std::move(body)));
    pool_.start(chains_.back()->root());
  }
  /// Starts a chain as if one that runs on worker `i` did.
  void start_on(std::uint32_t i, dwell::task<> body) {
    const acting_as self(worker(i));
    start(std::move(body));
  }

  /// One piece of work on worker `i`. False: it found none.
  bool step(std::uint32_t i = 0) {
    const acting_as self(worker(i));
    return worker(i).step();
  }
  /// Steps worker `i` until it finds nothing. False: it steps and steps and gets nowhere.
  bool exhaust(std::uint32_t i = 0) {
    for (int steps = 0; steps < 1'000'000; ++steps)
      if (!step(i)) return true;
    return false;
  }

  [[nodiscard]] std::uint64_t polls(std::uint32_t i = 0) {
    return worker(i).counters().polls.get();
  }
  [[nodiscard]] bool all_ended() const {
    for (const auto& chain : chains_)
      if (!chain->ended()) return false;
    return true;
  }

 private:
  dwell::core::background home_;
  dwell::scheduler::pool pool_;
  std::vector<std::unique_ptr<lone_chain>> chains_;
};

/// One chain waits for its turn, another gives it. For chains of one worker.
class turn {
 public:
  void give() {
    if (waiter_ == nullptr) {
      given_ = true;
      return;
    }
    dwell::core::wait* const claimed = std::exchange(waiter_, nullptr)->root().sleep.wake();
    if (claimed != nullptr) dwell::core::current_context->exec->submit(*claimed);
  }

  auto operator co_await() noexcept { return awaiter(*this); }

 private:
  class awaiter final : public dwell::core::wait {
   public:
    explicit awaiter(turn& awaited) noexcept : wait(kind), turn_(awaited) {}
    static constexpr bool await_ready() noexcept { return false; }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> self) noexcept {
      if (!dwell::core::begin_wait(*this, self)) return false;
      if (std::exchange(turn_.given_, false)) {
        dwell::core::abandon_wait(*this);
        return false;
      }
      turn_.waiter_ = this;
      return dwell::core::end_wait(*this);
    }
    void await_resume() { dwell::core::finish_wait(*this); }

   private:
    static bool call_off(dwell::core::wait& self) noexcept {
      static_cast<awaiter&>(self).turn_.waiter_ = nullptr;
      return true;
    }
    static constexpr dwell::core::wait_kind kind{"turn", &call_off};

    turn& turn_;
  };

  bool given_ = false;
  dwell::core::wait* waiter_ = nullptr;
};

}  // namespace dwell_test
