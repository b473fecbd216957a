// The explorer finds the classical bugs of a work-stealing deque and clears the deque without them.
//
// Two thieves where two thefts are needed: pop takes the last item but one without a claim.
#include "chase_lev.hpp"

namespace {

using namespace litmus;

// The owner pushes two, pops one, pushes a third (over a capacity of two: it may grow) and drains.
void run(bug planted, int thieves, int capacity) {
  textbook_deque d(planted, capacity);
  ledger items(3);
  {
    auto owner = spawn("owner", [&] {
      d.push(1);
      d.push(2);
      items.took(d.pop());
      d.push(3);
      items.took(d.pop());
      items.took(d.pop());
    });
    const auto thief = [&] { items.took(d.steal()); };
    auto first = spawn("thief-1", thief);
    if (thieves == 2) {
      auto second = spawn("thief-2", thief);
    }
  }
  for (int item = d.pop(); item != textbook_deque::none; item = d.pop()) items.took(item);
  items.complete();
  observe("each once");
}

void small(model::test& t) { t.preemptions(2).random(2'000); }

const entry sound(
    "deque, one thief: each item once", {"each once"}, [] { run(bug::none, 1, 4); }, small);
const entry sound_growing(
    "deque growing, one thief: each item once", {"each once"}, [] { run(bug::none, 1, 1); }, small);
const entry sound_two(
    "deque growing, two thieves: each item once", {"each once"}, [] { run(bug::none, 2, 2); },
    small);
const entry no_pop_fence(
    "deque without the fence of pop: an item twice", "no item is taken twice",
    [] { run(bug::pop_without_fence, 2, 4); }, small);
const entry no_steal_fence(
    "deque without the fence of steal: an item twice", "no item is taken twice",
    [] { run(bug::steal_without_fence, 2, 4); }, small);
const entry no_push_release(
    "deque without release in push: an unwritten item is stolen", "not so",
    [] { run(bug::push_without_release, 1, 4); }, small);
const entry late(
    "deque whose thief reads after its claim: the slot is overwritten", "not so",
    [] { run(bug::late_read, 1, 1); }, small);

}  // namespace
