// What the models of the attendance share: the production protocol around an inbox that is a mere
// count and a wheel that holds one timer, used as reactor.cpp uses them. A timer that nobody comes
// for is a deadlock; a wheel that two touch is a race.
#pragma once

#include <cstdint>

#include <dwell/os/poller.hpp>
#include <dwell/reactor/attendance.hpp>

#include "../explorer/model.hpp"
#include "fixed_clock.hpp"
#include "latch.hpp"

struct attendance_world {
  using attendance = dwell::reactor::attendance;
  static constexpr std::int64_t never = INT64_MAX;
  static constexpr std::int64_t due = the_time - 1;

  attendance_world() {
    model::name(protocol, "attendance");
    model::name(inbox, "inbox");
    model::name(wheel, "wheel");
  }

  /// A worker that sleeps.
  void post(std::int64_t deadline = due) {
    inbox.fetch_add(1, std::memory_order_relaxed);  // relaxed: only the protocol orders it
    if (!must_attend(protocol.posted(deadline))) return;
    drain();
    leave();
  }

  /// A worker without work: attends until something fired, or leaves again at once.
  void attend(bool stays) {
    if (!protocol.take()) return;
    while (!fire() && stays) wait();
    leave();
  }

  void watch() {
    while (protocol.sleep_until_alarm()) {
      if (!must_attend(protocol.alarm_rang())) continue;
      (void)fire();
      leave();
    }
  }

  bool must_attend(attendance::duty left) {
    if (left == attendance::duty::kick) poller.kick();
    return left == attendance::duty::attend;
  }
  [[nodiscard]] bool posted() const { return inbox.load(std::memory_order_relaxed) > 0; }
  void drain() {
    if (posted() && inbox.exchange(0, std::memory_order_relaxed) > 0) wheel = 1;
  }
  bool fire() {
    drain();
    if (wheel == 0) return false;
    wheel = 0;
    fired.count_down();
    return true;
  }
  bool move_alarm(std::int64_t latest) {
    return protocol.set_alarm(latest, latest - attendance::usual_patience_ns / 2);
  }
  bool set_alarm() {
    bool final = true;
    while (move_alarm(wheel == 0 ? never : protocol.after_patience(due)) && posted()) {
      drain();
      final = false;
    }
    return final;
  }
  void leave() {
    (void)set_alarm();
    while (!protocol.give_back()) {
      protocol.acknowledge();
      drain();
      (void)set_alarm();
    }
  }
  void wait() {
    if (set_alarm()) wait_without_alarm();
  }
  void wait_without_alarm() {
    if (!protocol.expect(never)) return protocol.acknowledge();
    if (!posted()) poller.wait_until(never);
    protocol.wait_over(never);
  }

  attendance protocol;
  dwell::os::poller poller;
  model::atomic<int> inbox{0};
  model::var<int> wheel{0};  // the attendant's
  latch fired{1};
};
