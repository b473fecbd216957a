// Settings in a file: what is read, what is refused and where, and who has the last word.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

#include <dwell/engine/runtime.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/scope/sleep.hpp>

namespace {

using dwell::io_mode;
using dwell::reactor_mode;
using dwell::settings;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// A file with that content for the length of a test; DWELL_SETTINGS may name it.
class settings_file {
 public:
  explicit settings_file(const std::string& content) {
    std::string name = std::filesystem::temp_directory_path() / "dwell-settings-XXXXXX";
    close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << content;
  }
  ~settings_file() {
    unsetenv("DWELL_SETTINGS");
    unsetenv("DWELL_SPIN");
    std::filesystem::remove(path_);
  }
  settings_file(const settings_file&) = delete;
  settings_file& operator=(const settings_file&) = delete;

  void name_it() const { setenv("DWELL_SETTINGS", path_.c_str(), 1); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const dwell::settings_error& e) {
    return e.what();
  }
  return "nothing was refused";
}

std::string refusal(const std::string& content) {
  const settings_file file(content);
  const std::string text = refusal([&] { static_cast<void>(settings::from_file(file.path())); });
  const std::string head = "dwell: " + file.path() + ":";
  return text.starts_with(head) ? text.substr(head.size()) : text;
}

TEST(a_settings_file, sets_what_it_names_and_leaves_the_rest_at_its_default) {
  const settings_file file(R"(# found by the tuner
threads = 3
timer_slack_us = 7
reactor = "dedicated"
io = "io_uring"
steal_width = 16
timer_batch = 32
thread_name = "mine"
watchdog_ms = 250
)");
  const settings s = settings::from_file(file.path());
  EXPECT_EQ(s.threads, 3U);
  EXPECT_EQ(s.timer_slack, 7us);
  EXPECT_EQ(s.reactor, reactor_mode::dedicated);
  EXPECT_EQ(s.io, io_mode::io_uring);
  EXPECT_EQ(s.steal_width, 16U);
  EXPECT_EQ(s.timer_batch, 32U);
  EXPECT_EQ(s.thread_name, "mine");
  EXPECT_EQ(s.watchdog_after, 250ms);
  EXPECT_EQ(s.spin, settings{}.spin);
}

TEST(a_settings_file, may_be_empty) {
  const settings_file file("");
  EXPECT_EQ(settings::from_file(file.path()).spin, settings{}.spin);
}

TEST(a_settings_file, is_refused_for_an_unknown_key_with_line_and_column) {
  const std::string text = refusal("spin = 1\n  spinn = 2\n");
  EXPECT_THAT(text, HasSubstr("2:3: no such setting 'spinn'; they are thread_name, threads, "));
  EXPECT_THAT(refusal("[runtime]\nspin = 1\n"), HasSubstr("no such setting 'runtime'"));
}

TEST(a_settings_file, is_refused_for_a_value_out_of_range_or_of_another_kind) {
  EXPECT_EQ(refusal("spin = 1000001"), "1:1: spin: expected a whole number from 0 to 1000000");
  EXPECT_EQ(refusal("spin = -1"), "1:1: spin: expected a whole number from 0 to 1000000");
  EXPECT_EQ(refusal("spin = \"8\""), "1:1: spin: expected a whole number from 0 to 1000000");
  EXPECT_EQ(refusal("spin = 8.5"), "1:1: spin: expected a whole number from 0 to 1000000");
  EXPECT_EQ(refusal("\nreactor = 1"), "2:1: reactor: expected shared or dedicated");
  EXPECT_EQ(refusal("reactor = \"mine\""), "1:1: reactor: expected shared or dedicated");
  EXPECT_EQ(refusal("io = \"aio\""), "1:1: io: expected epoll or io_uring");
  EXPECT_EQ(refusal("thread_name = 7"), "1:1: thread_name: expected a text in quotes");
}

TEST(a_settings_file, is_refused_with_line_and_column_where_it_is_no_toml) {
  EXPECT_THAT(refusal("spin = 8\nlifo_cap == 3\n"), testing::MatchesRegex("2:[0-9]+: .+"));
}

TEST(a_settings_file, that_cannot_be_read_is_refused_by_its_name) {
  EXPECT_EQ(refusal([] { static_cast<void>(settings::from_file("/no/such/file")); }),
            "dwell: /no/such/file: cannot be read");
}

TEST(a_settings_file, of_the_environment_outranks_the_code_and_is_outranked_by_variables) {
  const settings_file file("spin = 11\nlifo_cap = 12\n");
  file.name_it();
  settings code;
  code.spin = 21;
  code.lifo_cap = 22;
  code.fairness_interval = 23;
  setenv("DWELL_SPIN", "31", 1);
  const settings s = dwell::resolve(code);
  EXPECT_EQ(s.spin, 31U);
  EXPECT_EQ(s.lifo_cap, 12U);
  EXPECT_EQ(s.fairness_interval, 23U);
}

TEST(a_settings_file, of_the_environment_is_refused_when_a_runtime_is_made) {
  const settings_file file("spin = many");
  file.name_it();
  EXPECT_THAT(refusal([] { const dwell::runtime rt; }), HasSubstr(file.path() + ":1:"));
}

dwell::task<int> sleeps() {
  co_await dwell::sleep_for(1ms);
  co_return 42;
}

TEST(a_settings_file, can_ask_for_a_reactor_thread_and_narrow_batches) {
  const settings_file file(
      "threads = 2\nreactor = \"dedicated\"\ntimer_batch = 1\nsteal_width = 1\n");
  EXPECT_EQ(dwell::run(sleeps(), settings::from_file(file.path())), 42);
}

}  // namespace
