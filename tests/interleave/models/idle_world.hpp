// What the models of the idle protocol share: two workers that search, nap and sleep as pool.cpp
// has them do, over a deque and an injector that are mere counts. A worker that has found an item
// is busy for ever, and there is one for each: an item left lying beside a sleeping worker is a
// deadlock.
#pragma once

#include <cstdint>
#include <utility>

#include <dwell/scheduler/idle.hpp>

#include "../explorer/model.hpp"
#include "fixed_clock.hpp"

using dwell::scheduler::idle;

struct idle_world {
  static constexpr std::uint32_t workers = 2;
  using count = model::atomic<int>;

  idle_world() {
    model::name(idlers, "idle");
    model::name(pushed, "pushed");
    model::name(injected, "injected");
  }

  // relaxed throughout: only the protocol orders the work.
  static void add(count& queue) { queue.fetch_add(1, std::memory_order_relaxed); }
  static bool any(const count& queue) { return queue.load(std::memory_order_relaxed) > 0; }
  static bool take(count& queue) {
    int seen = queue.load(std::memory_order_relaxed);
    while (seen > 0)
      if (queue.compare_exchange_strong(seen, seen - 1, std::memory_order_relaxed)) return true;
    return false;
  }

  void push() {
    add(pushed);
    idlers.notify_of_push();
  }
  void inject() {
    add(injected);
    idlers.notify_of_injection();
  }

  /// Looks for one item and, having found it, stays busy with it for ever.
  void work(std::uint32_t self, bool nap = false) {
    bool searching = !nap && idlers.try_search();
    if (searching) model::check(2 * ++searching_by_choice <= workers, "at most half search");
    bool by_choice = searching;
    while (!searching || (!take(injected) && !take(pushed))) {
      if (std::exchange(by_choice, false)) --searching_by_choice;
      if (std::exchange(nap, false))
        take_nap(self, searching);
      else
        sleep(self, searching);
      searching = true;
    }
    if (by_choice) --searching_by_choice;
    pass_on_the_duty();
  }

  void sleep(std::uint32_t self, bool searching) {
    idle::pay(idlers.announce_sleep(self, searching));
    if ((!any(injected) && !any(pushed)) || !idlers.retract(self)) idlers.block(self);
  }
  void take_nap(std::uint32_t self, bool searching) {
    idlers.announce_nap(self, searching);
    idle::pay(idle::due::full_fence);
    if (!any(injected) || !idlers.retract(self)) idlers.nap_until(self, the_time + 1);
  }
  void pass_on_the_duty() {
    const idle::due fence = idlers.found_work();
    if (fence == idle::due::nothing) return;
    idle::pay(fence);
    if (any(injected))
      idlers.notify_of_injection();
    else if (any(pushed))
      idlers.notify_of_push();
  }

  idle idlers{workers};
  count pushed{0};
  count injected{0};
  std::uint32_t searching_by_choice = 0;
  bool first_found = false;
};
