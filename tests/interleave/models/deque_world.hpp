// What the models of the deque share: jobs with payloads, taken at most once, none lost.
#pragma once

#include <cstdint>

#include <dwell/scheduler/deque.hpp>

#include "../explorer/model.hpp"

using dwell::scheduler::deque;

struct job {
  model::var<int> payload{0};
  int taken = 0;
};

template <int items>
struct deque_world {
  deque_world() {
    model::name(queue, "deque");
    model::name(jobs, "jobs");
  }

  void push(int i) {
    jobs[i].payload = i;
    queue.push(reinterpret_cast<deque::item>(&jobs[i]));
  }
  void push_all() {
    queue.reserve(items);
    queue.push_reserved(items, [this](std::uint32_t i) {
      jobs[i].payload = static_cast<int>(i);
      return reinterpret_cast<deque::item>(&jobs[i]);
    });
  }
  void took(deque::item i) {
    if (i == 0) return;
    job& j = *reinterpret_cast<job*>(i);
    model::check(&jobs[j.payload] == &j, "the payload arrives with its item");
    model::check(++j.taken == 1, "no item is taken twice");
  }
  void steal() {
    deque::item loot[2];
    const std::int64_t count = queue.steal(loot);
    for (std::int64_t i = 0; i < count; ++i) took(loot[i]);
  }
  void pop() { took(queue.pop()); }
  void drain() {
    while (!queue.empty()) pop();
    for (const job& j : jobs) model::check(j.taken == 1, "no item is lost");
  }

  deque queue{4, {.most = 2, .small = 2}};
  job jobs[items];
};
