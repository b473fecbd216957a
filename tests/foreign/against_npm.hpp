// Suites against packages of npm's, in Node.
//
// npm puts them into the build tree, in the versions that tests/foreign/npm names, when the first
// test needs them; the scripts that use them are copied beside them.
#pragma once

#include <cstdio>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "foreign/against.hpp"
#include "foreign/program.hpp"

namespace dwell_test {

/// Where that folder is.
inline std::string npm_folder() { return DWELL_TEST_NPM; }

/// The command that runs a script of that folder, without Node's warnings between its words.
inline std::vector<std::string> node(const std::string& script) {
  return {"env", "NODE_NO_WARNINGS=1", "node", npm_folder() + "/" + script};
}

/// Skips its tests where they cannot be had, too.
class against_npm : public against {
 protected:
  /// `major`.`minor`: the oldest Node that runs what is tested against.
  explicit against_npm(int major = 18, int minor = 0)
      : against("node", "nodejs"), major_(major), minor_(minor) {}

  void SetUp() override {
    against::SetUp();
    if (IsSkipped()) return;
    if (is_too_old())
      GTEST_SKIP() << "this Node is too old: apt-get install nodejs, " << major_ << '.' << minor_
                   << " or later";
    static const std::string fault = install();
    if (!fault.empty())
      GTEST_SKIP() << "npm could not install what the tests talk to: apt-get install npm, and let "
                      "it reach its registry. It said:\n"
                   << fault;
  }

 private:
  [[nodiscard]] bool is_too_old() const {
    program asked({"node", "--version"});
    const std::string version = asked.after("v");
    int major = 0;
    int minor = 0;
    if (std::sscanf(version.c_str(), "%d.%d", &major, &minor) != 2) return true;
    return std::pair(major, minor) < std::pair(major_, minor_);
  }

  // What went wrong.
  static std::string install() {
    program running(
        {"timeout", "90", "sh", DWELL_TEST_SOURCE_DIR "/foreign/npm/install", npm_folder()});
    std::string said = running.everything();
    const int status = running.wait();
    return status == 0 ? "" : std::move(said) + "exit status " + std::to_string(status);
  }

  const int major_;
  const int minor_;
};

}  // namespace dwell_test
