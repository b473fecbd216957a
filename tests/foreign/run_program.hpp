// Programs that ask our server, and end.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "foreign/program.hpp"
#include "http/fetching.hpp"

namespace dwell_test {

struct outcome {
  int status = 0;
  std::string said{};
};

/// Runs a command to its end, beside our tasks.
inline dwell::task<outcome> run_program(std::vector<std::string> words) {
  program running(words);
  std::string said = co_await dwell::blocking([&running] { return running.everything(); });
  co_return outcome{.status = running.wait(), .said = std::move(said)};
}

/// Until the server has noticed that all its clients have left.
inline dwell::task<> nobody_connected(const served& server) {
  while (server.statistics().open > 0) co_await dwell::yield_now();
}

}  // namespace dwell_test
