// A textbook Chase-Lev deque (Le, Pop, Cohen, Zappa Nardelli, PPoPP 2013), with places to break it.
//
// It validates the explorer, not Dwell: the literature knows which fences it needs, so each planted
// bug must be found and the deque without one must pass.
#pragma once

#include <memory>

#include "litmus.hpp"

namespace litmus {

enum class bug { none, pop_without_fence, steal_without_fence, push_without_release, late_read };

class textbook_deque {
  struct ring {
    explicit ring(int n) : size(n), slots(new number[static_cast<unsigned>(n)]) {}
    number& at(int i) const { return slots[static_cast<unsigned>(i % size)]; }
    int size;
    std::unique_ptr<number[]> slots;
    std::unique_ptr<ring> retired;
  };

 public:
  static constexpr int none = 0;

  explicit textbook_deque(bug b, int capacity) : bug_(b), ring_(new ring(capacity)) {
    model::name(top_, "top");
    model::name(bottom_, "bottom");
    model::name(ring_, "ring");
  }
  ~textbook_deque() { delete ring_.load(relaxed); }

  void push(int item) {
    const int b = bottom_.load(relaxed);
    const int t = top_.load(acquire);
    ring* r = ring_.load(relaxed);
    if (b - t > r->size - 1) r = grow(r, t, b);
    r->at(b).store(item, relaxed);
    if (bug_ != bug::push_without_release) fence(release);
    bottom_.store(b + 1, relaxed);
  }

  int pop() {
    const int b = bottom_.load(relaxed) - 1;
    ring* r = ring_.load(relaxed);
    bottom_.store(b, relaxed);
    if (bug_ != bug::pop_without_fence) fence(seq_cst);
    int t = top_.load(relaxed);
    int item = none;
    if (t <= b) {
      item = r->at(b).load(relaxed);
      if (t != b) return item;
      if (!top_.compare_exchange_strong(t, t + 1, seq_cst, relaxed)) item = none;
    }
    bottom_.store(b + 1, relaxed);
    return item;
  }

  int steal() {
    int t = top_.load(acquire);
    if (bug_ != bug::steal_without_fence) fence(seq_cst);
    if (t >= bottom_.load(acquire)) return none;
    ring* r = ring_.load(acquire);
    const int item = bug_ == bug::late_read ? none : r->at(t).load(relaxed);
    const int place = t;
    if (!top_.compare_exchange_strong(t, t + 1, seq_cst, relaxed)) return none;
    return bug_ == bug::late_read ? r->at(place).load(relaxed) : item;
  }

 private:
  ring* grow(ring* old, int t, int b) {
    auto* bigger = new ring(2 * old->size);
    for (int i = t; i < b; ++i) bigger->at(i).store(old->at(i).load(relaxed), relaxed);
    bigger->retired.reset(old);
    ring_.store(bigger, release);
    return bigger;
  }

  bug bug_;
  number top_{0}, bottom_{0};
  dwell::base::atomic<ring*> ring_;
};

/// Who got which item how often.
class ledger {
 public:
  explicit ledger(int items) : items_(items) {}

  void took(int item) {
    if (item == textbook_deque::none) return;
    model::check(item >= 1 && item <= items_, "what was taken had been pushed");
    model::check(++taken_[item] == 1, "no item is taken twice");
  }
  void complete() const {
    for (int i = 1; i <= items_; ++i) model::check(taken_[i] == 1, "no item is lost");
  }

 private:
  int items_;
  int taken_[8] = {};
};

}  // namespace litmus
