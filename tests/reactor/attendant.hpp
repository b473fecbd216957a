// A thread that does nothing but attend to a reactor, as a worker without work does.
#pragma once

#include <chrono>
#include <cstdint>
#include <thread>

#include <dwell/base/atomic.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/reactor/reactor.hpp>

#include "reactor/recorder.hpp"

namespace dwell_test {

class attendant {
 public:
  attendant(dwell::reactor::reactor& r, recorder& woken)
      : reactor_(r), thread_([this, &woken] {
          dwell::os::set_timer_slack(std::chrono::microseconds(50));
          while (called_.load(dwell::base::acquire) == 0) attend(woken);
        }) {}
  ~attendant() {
    called_.store(1, dwell::base::release);
    reactor_.ring();
    thread_.join();
  }
  attendant(const attendant&) = delete;
  attendant& operator=(const attendant&) = delete;

 private:
  void attend(recorder& woken) {
    if (!reactor_.enter()) return std::this_thread::yield();  // the watchman looks in
    dwell::core::wake_batch* const batch = reactor_.wait(called_);
    reactor_.leave();
    if (batch != nullptr) woken.submit(*batch);
  }

  dwell::reactor::reactor& reactor_;
  dwell::base::atomic<std::uint32_t> called_{0};
  std::thread thread_;
};

}  // namespace dwell_test
