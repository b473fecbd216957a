// The snapshot as Prometheus reads it: every line parses, and the numbers are the snapshot's.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <dwell/dwell.hpp>

namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

dwell::statistics_snapshot snapshot() {
  dwell::statistics_snapshot s{};
  s.workers = {{1, 2, 3, 4, 5, 6, 7, 8}, {11, 12, 13, 14, 15, 16, 17, 18}};
  s.live_frames = 21;
  s.injected_queued = 22;
  s.pending_timers = 23;
  s.timers_fired = 6;
  s.lateness.counts[0] = 1;
  s.lateness.counts[3] = 2;
  s.lateness.counts.back() = 3;
  s.lateness.sum = 1500ms;
  s.blocking_threads = 24;
  return s;
}

/// The samples by name and labels; a line that is neither sample nor comment fails the test.
std::map<std::string, std::string> samples_of(const std::string& text) {
  static const std::regex sample(R"(([a-z_:][a-z0-9_:]*(?:\{[a-z]+="[^"]*"\})?) (-?[0-9.e+-]+))");
  static const std::regex comment(R"(# (HELP|TYPE) [a-z_]+ .+)");
  std::map<std::string, std::string> samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, sample))
      EXPECT_TRUE(samples.emplace(parts[1], parts[2]).second) << line;
    else
      EXPECT_TRUE(std::regex_match(line, comment)) << line;
  }
  return samples;
}

TEST(prometheus_text, has_every_number_of_the_snapshot_under_its_name) {
  auto samples = samples_of(dwell::to_prometheus(snapshot()));
  EXPECT_EQ(samples["dwell_worker_polls_total{worker=\"0\"}"], "1");
  EXPECT_EQ(samples["dwell_worker_wakeups_total{worker=\"1\"}"], "17");
  EXPECT_EQ(samples["dwell_worker_queued{worker=\"1\"}"], "18");
  EXPECT_EQ(samples["dwell_frames_live"], "21");
  EXPECT_EQ(samples["dwell_injected_queued"], "22");
  EXPECT_EQ(samples["dwell_timers_pending"], "23");
  EXPECT_EQ(samples["dwell_timers_fired_total"], "6");
  EXPECT_EQ(samples["dwell_blocking_threads"], "24");
}

TEST(prometheus_text, counts_each_bucket_of_lateness_with_those_below_it) {
  auto samples = samples_of(dwell::to_prometheus(snapshot()));
  EXPECT_EQ(samples["dwell_timer_lateness_seconds_bucket{le=\"1.024e-06\"}"], "1");
  EXPECT_EQ(samples["dwell_timer_lateness_seconds_bucket{le=\"4.096e-06\"}"], "1");
  EXPECT_EQ(samples["dwell_timer_lateness_seconds_bucket{le=\"8.192e-06\"}"], "3");
  EXPECT_EQ(samples["dwell_timer_lateness_seconds_bucket{le=\"+Inf\"}"], "6");
  EXPECT_EQ(samples["dwell_timer_lateness_seconds_count"], "6");
  EXPECT_EQ(std::stod(samples["dwell_timer_lateness_seconds_sum"]), 1.5);
}

TEST(prometheus_text, says_of_every_name_once_what_it_is) {
  const std::string text = dwell::to_prometheus(snapshot());
  std::multiset<std::string> typed;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("# TYPE ")) typed.insert(line.substr(7, line.find(' ', 7) - 7));
  for (const auto& [name, value] : samples_of(text)) {
    std::string family = name.substr(0, name.find('{'));
    for (const char* const part : {"_bucket", "_sum", "_count"})
      if (family.starts_with("dwell_timer_lateness") && family.ends_with(part))
        family.resize(family.size() - std::string(part).size());
    EXPECT_EQ(typed.count(family), 1U) << name;
  }
}

}  // namespace
