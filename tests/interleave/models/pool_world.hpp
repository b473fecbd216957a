// What the models of the pool share: the production pool, injector and idle protocol, and workers
// that find work where production ones do, reduced to one look at each place. A piece of work stays
// with its worker until all have begun: one left lying beside a sleeping worker is a deadlock.
#pragma once

#include <cstdint>

#include <dwell/scheduler/injector.cpp>
#include <dwell/scheduler/pool.cpp>
#include <dwell/task/context.cpp>

#include "../explorer/model.hpp"
#include "fixed_clock.hpp"
#include "latch.hpp"

namespace core = dwell::core;
using dwell::scheduler::pool;

/// The root of a chain that runs once.
struct item : core::frame_header {
  item() : frame_header(std::source_location::current()) {}
  virtual void perform() = 0;

  model::var<int> frame{1};
  int runs = 0;

 protected:
  ~item() = default;
};

namespace dwell::inline v0::scheduler {

worker::worker(pool& owner, std::uint32_t index, const tuning&)
    : run_context(owner), pool_(&owner), index_(index) {}

void worker::publish() noexcept { pool_->idlers().notify_of_push(); }

bool worker::step() {
  core::work w = pop();
  if (!w) w = pool_->injected().pop();
  if (w) run(w);
  return static_cast<bool>(w);
}

core::work worker::search() {
  if (const core::work w = pool_->injected().pop()) return w;
  deque::item loot[2];
  for (std::uint32_t i = 0; i < pool_->size(); ++i) {
    worker& victim = pool_->at(i);
    if (&victim != this && victim.queue().steal(loot) > 0) return core::work::from_bits(loot[0]);
  }
  base::cpu_pause();
  return {};
}

void worker::run(core::work w) {
  auto& i = static_cast<item&>(w.frame());
  model::check(++i.runs == 1, "work is run once");
  model::check(i.frame == 1, "a frame travels with its work");
  i.frame = 2;
  i.perform();
}

void worker::submit_local(core::work) noexcept {}

}  // namespace dwell::inline v0::scheduler

/// Two workers with threads, and the two pieces of work that keep both busy.
struct pool_world {
  struct meeting final : item {
    explicit meeting(pool_world& w) : world(w) {}
    void perform() override {
      if (next != nullptr) world.workers.start(*next);
      world.begun.arrive_and_wait();
      world.ended.count_down();
    }
    pool_world& world;
    item* next = nullptr;  // what it starts on its own worker
  };

  pool_world() {
    model::per_thread(core::current_context);
    model::name(workers.idlers(), "idle");
    model::name(workers.injected(), "injector");
  }
  void start_threads() { workers.start_threads("worker"); }
  void stop_when_done() {
    ended.wait();
    workers.stop_threads();
    model::check(first.runs == 1 && second.runs == 1, "no work is lost");
  }

  pool workers{2, {}};
  latch begun{2};
  latch ended{2};
  meeting first{*this};
  meeting second{*this};
};
