// One registered socket of a reactor that workers attend: a chain that reads, and the kernel, which
// lets bytes arrive and says so once.
#pragma once

#include "reactor_world.hpp"

struct socket_world {
  socket_world() : attended(1), slot(attended.timers.add_socket(3)) {
    model::name(attended.timers, "reactor");
  }

  /// The reader's loop: tries, and sleeps when there is nothing. True: it read without sleeping.
  bool read_or_sleep() {
    while (!try_read()) {
      reader.frame = 1;
      if (slot.read.arm(reader)) return false;
    }
    return true;
  }
  [[nodiscard]] bool try_read() {
    const dwell::os::lock_guard guard(kernel);
    return arrived;
  }
  void bytes_arrive() {
    {
      const dwell::os::lock_guard guard(kernel);
      arrived = true;
    }
    attended.timers.sockets()->poller().happen(slot.token());
    dwell::os::alarm::time_goes_on();
  }

  attended_world attended;
  dwell::reactor::socket_slot& slot;
  sleeper reader;
  dwell::os::lock kernel;
  bool arrived = false;  // under the kernel's lock
};
