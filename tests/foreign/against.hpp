// Suites against one program that is not ours.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <utility>

#include "foreign/program.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace dwell_test {

/// Skips its tests where the program is missing, and names the Debian package that has it. Leaves
/// no coroutine frame behind, and does not hang.
class against : public no_frames_left {
 protected:
  explicit against(std::string command, std::string package = "")
      : command_(std::move(command)),
        package_(package.empty() ? command_ : std::move(package)),
        dog_("a test against " + command_) {}

  void SetUp() override {
    if (!find_command(command_))
      GTEST_SKIP() << "there is no " << command_ << ": apt-get install " << package_;
  }

 private:
  const std::string command_;
  const std::string package_;
  const watchdog dog_;
};

}  // namespace dwell_test
