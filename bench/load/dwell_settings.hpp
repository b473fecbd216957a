// A row's parameters as the settings of a runtime.
#pragma once

#include <dwell/dwell.hpp>

#include "../harness/row.hpp"

namespace bench {

/// Everything that a row does not name keeps its default: the suite measures what a newcomer gets.
inline dwell::settings settings_of(const row& subject) {
  dwell::settings chosen;
  chosen.threads = static_cast<unsigned>(subject.get_number("threads"));
  chosen.timer_slack = std::chrono::microseconds(subject.get_number("timer_slack_us"));
  return chosen;
}

}  // namespace bench
