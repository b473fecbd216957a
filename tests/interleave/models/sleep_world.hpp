// What the models of the sleeping protocol share: a chain that waits for one source, its source,
// and a canceller. Whoever has to submit the chain resumes it on the spot, so that every thread
// that may own the frame touches it.
#pragma once

#include <cstdint>

#include <dwell/task/wait.hpp>

#include "../explorer/model.hpp"

namespace core = dwell::core;

/// A source as most are: one word for registering, firing and calling off.
class source {
 public:
  bool add(core::wait& w) {
    core::wait* expected = nullptr;
    return word_.compare_exchange_strong(expected, &w, std::memory_order_release,
                                         std::memory_order_acquire);
  }
  bool remove(core::wait& w) {
    core::wait* expected = &w;
    return word_.compare_exchange_strong(expected, nullptr, std::memory_order_relaxed);
  }
  /// The wait that must be woken now, or null.
  core::wait* fire() {
    value = 42;
    return word_.exchange(fired(), std::memory_order_acq_rel);
  }
  model::var<int> value{0};

 private:
  core::wait* fired() { return reinterpret_cast<core::wait*>(this); }

  model::atomic<core::wait*> word_{nullptr};
};

/// The wait of a chain whose root is its leaf. The word of the chain is all that is shared.
class one_wait : public core::wait {
 public:
  explicit one_wait(source& s) : wait(kind), source_(s) {
    header.root = &header;
    set_leaf(header);
    model::name(header.sleep, "sleep word");
    model::name(local, "frame");
    model::name(source_, "source");
  }

  // ---- The three parties ----

  void sleep() {
    local = 1;
    header.sleep.arm(*this);
    if (!source_.add(*this)) {
      header.sleep.disarm();
      return run();
    }
    switch (header.sleep.commit(*this)) {
      case core::sleep_word::commit_result::parked:
        return;
      case core::sleep_word::commit_result::woken:
        return run();
      case core::sleep_word::commit_result::cancelled:
        if (header.sleep.finish_abort_by_sleeper(*this, called_off())) run();
    }
  }
  void wake() {
    if (core::wait* const w = source_.fire())
      if (core::wait* const claimed = w->root().sleep.wake()) submit(*claimed);
  }
  void cancel() {
    core::wait* const w = header.sleep.try_cancel();
    if (w == nullptr) return;
    model::check(local == 1, "the canceller sees the frame that it pins");
    if (header.sleep.finish_abort(*w, called_off())) submit(*w);
  }

  core::frame_header header{std::source_location::current()};
  model::var<int> local{0};
  int runs = 0;

 private:
  static bool call_off(core::wait& self) noexcept {
    return static_cast<one_wait&>(self).source_.remove(self);
  }
  static constexpr core::wait_kind kind{"one_wait", &one_wait::call_off};

  bool called_off() {
    const bool aborted = abort();
    if (aborted) mark_cancelled();
    return aborted;
  }
  void submit(core::wait& w) {
    model::check(&w == this, "the wait that is claimed is the one that sleeps");
    run();
  }
  void run() {
    model::check(++runs == 1, "the chain is submitted once");
    model::check(local == 1, "the frame travels with the wake-up");
    local = 2;
    header.sleep.resumed();
    if (!was_cancelled()) model::check(source_.value == 42, "what the source wrote arrives");
  }

  source& source_;
};
