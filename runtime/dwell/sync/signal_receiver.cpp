#include <bit>
#include <csignal>

#include <dwell/sync/signal_receiver.hpp>

namespace dwell::inline v0 {

signal_receiver::signal_receiver(signal_set which)
    : interest_(*this, which, os::second_signal::is_told) {}

signal_receiver::~signal_receiver() = default;

void signal_receiver::on_signal(int number) noexcept {
  // relaxed: the event's lock orders it.
  arrived_.fetch_or(signal_set::bit(number), base::relaxed);
  changed_.set();
}

// Waits first: in a cancelled scope nothing is taken, though it has arrived. An event that is set
// in vain costs one turn.
task<int> signal_receiver::receive() {
  for (;;) {
    co_await changed_.wait();
    // relaxed, both: as in on_signal(). Whoever came through the event takes one.
    const std::uint64_t arrived = arrived_.load(base::relaxed);
    if (arrived == 0) continue;
    const std::uint64_t lowest = arrived & (~arrived + 1);
    const std::uint64_t seen = arrived_.fetch_and(~lowest, base::relaxed);
    if ((seen & ~lowest) != 0) changed_.set();
    if ((seen & lowest) != 0) co_return std::countr_zero(lowest) + 1;
  }
}

task<> ctrl_c() {
  signal_receiver interrupts({SIGINT});
  (void)co_await interrupts.receive();
}

}  // namespace dwell::inline v0
