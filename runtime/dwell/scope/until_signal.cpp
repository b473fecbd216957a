#include <cstring>

#include <dwell/scope/until_signal.hpp>

namespace dwell::inline v0::scope {

cancel_on_signal::cancel_on_signal(cancel_scope& scope, signal_set which)
    : scope_(scope), interest_(*this, which, os::second_signal::quits) {}

cancel_on_signal::~cancel_on_signal() = default;

void cancel_on_signal::on_signal(int number) noexcept {
  const char* const name = sigabbrev_np(number);
  scope_.cancel(name != nullptr ? std::string("SIG") + name : "a signal");
}

}  // namespace dwell::inline v0::scope
