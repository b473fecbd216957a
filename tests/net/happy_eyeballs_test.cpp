// Happy eyeballs: the order of the addresses, and the race, against a plain calculation of when
// each attempt would begin and end.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <ostream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/happy_eyeballs.hpp>
#include <dwell/sim/run.hpp>

#include "support/each_seed.hpp"

namespace {

namespace eyeballs = dwell::net::happy_eyeballs;
namespace sim = dwell::sim;
using dwell::task;
using dwell::net::endpoint;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

std::vector<std::string> texts(const std::vector<endpoint>& line) {
  std::vector<std::string> all;
  for (const endpoint& e : line) all.push_back(e.address());
  return all;
}

std::vector<endpoint> line_of(const std::vector<std::string>& addresses) {
  std::vector<endpoint> line;
  for (const std::string& each : addresses) line.push_back(endpoint::from_ip(each, 80).value());
  return line;
}

std::vector<std::string> turns(const std::vector<std::string>& preferred) {
  return texts(eyeballs::by_turns(line_of(preferred)));
}

using names = std::vector<std::string>;

TEST(by_turns, lets_the_families_alternate_and_keeps_the_order_within_each) {
  EXPECT_EQ(turns({"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"}),
            (names{"::1", "10.0.0.1", "::2", "10.0.0.2", "::3"}));
  EXPECT_EQ(turns({"10.0.0.1", "10.0.0.2", "10.0.0.3", "::1"}),
            (names{"10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"}));
}

TEST(by_turns, changes_nothing_in_a_line_of_one_family_and_in_none) {
  EXPECT_EQ(turns({"::2", "::1"}), (names{"::2", "::1"}));
  EXPECT_EQ(turns({}), names{});
}

TEST(all_failed, names_each_attempt_and_has_the_code_of_the_first) {
  const auto line = line_of({"10.0.0.1", "::1"});
  const dwell::net::error e = eyeballs::all_failed(
      "name.test:80", {{line[0], {ETIMEDOUT, "connect"}}, {line[1], {ECONNREFUSED, "connect"}}});
  EXPECT_EQ(e.code().value(), ETIMEDOUT);
  EXPECT_STREQ(e.what(),
               "connect to name.test:80 (10.0.0.1:80: Connection timed out, "
               "[::1]:80: Connection refused): Connection timed out");
}

// ---- The race ----

/// What becomes of an attempt.
struct plan {
  nanoseconds takes;
  bool succeeds;
};

/// Which address wins, none if all fail, and when.
struct result {
  std::optional<std::size_t> winner;
  nanoseconds after;

  friend bool operator==(const result&, const result&) = default;
};

std::ostream& operator<<(std::ostream& out, const result& r) {
  return out << (r.winner ? std::to_string(*r.winner) : "nobody") << " after " << r.after.count();
}

// Attempt after attempt by the rules, without any task.
result expected(const std::vector<plan>& plans, nanoseconds delay) {
  constexpr auto never = nanoseconds::max();
  std::vector<nanoseconds> ends{plans[0].takes};
  nanoseconds last_begin{0};
  for (;;) {
    const auto next_end = std::min_element(ends.begin(), ends.end());
    const bool more = ends.size() < plans.size();
    if (more && (*next_end == never || last_begin + delay < *next_end)) {
      last_begin += delay;
    } else if (*next_end == never) {
      return {std::nullopt, last_begin};
    } else {
      const auto which = static_cast<std::size_t>(next_end - ends.begin());
      const nanoseconds at = std::exchange(*next_end, never);
      if (plans[which].succeeds) return {which, at};
      last_begin = at;
      if (!more) continue;
    }
    ends.push_back(last_begin + plans[ends.size()].takes);
  }
}

/// Counts the attempts that run.
class running {
 public:
  explicit running(int& count) : count_(&count) { ++*count_; }
  running(const running&) = delete;
  running& operator=(const running&) = delete;
  ~running() { --*count_; }

 private:
  int* count_;
};

// The port says which of the addresses it is.
task<std::size_t> dial(const std::vector<plan>& plans, int& live, endpoint to) {
  const running counted(live);
  const plan& p = plans.at(to.port());
  co_await dwell::sleep_for(p.takes);
  if (!p.succeeds) throw dwell::net::error(ECONNREFUSED, "connect");
  co_return to.port();
}

task<result> raced(const std::vector<plan>& plans, nanoseconds delay) {
  std::vector<endpoint> line;
  for (std::size_t i = 0; i < plans.size(); ++i)
    line.push_back(endpoint::loopback(static_cast<std::uint16_t>(i)));
  int live = 0;
  const auto dials = [&](const endpoint& to) { return dial(plans, live, to); };
  const auto begun = sim::now();
  result r{};
  try {
    eyeballs::race<std::size_t, decltype(dials)> race(line, delay, dials);
    r.winner = co_await race.run("name.test:80");
  } catch (const dwell::net::error&) {
  }
  EXPECT_EQ(live, 0) << "an attempt outlived the race";
  r.after = sim::now() - begun;
  co_return r;
}

std::vector<plan> some_plans(std::mt19937_64& chance) {
  std::vector<plan> plans(1 + chance() % 6);
  // Odd times, so that no end falls on another or on the delay.
  for (plan& p : plans) p = {nanoseconds(2 * (chance() % 400'000'000) + 1), chance() % 3 == 0};
  return plans;
}

TEST(happy_eyeballs, begin_each_attempt_in_its_time_and_take_the_first_that_succeeds) {
  dwell_test::each_seed(1'000, [](std::uint64_t seed) {
    std::mt19937_64 chance(seed);
    const std::vector<plan> plans = some_plans(chance);
    const nanoseconds delay = 2 * nanoseconds(1 + chance() % 150'000'000);
    EXPECT_EQ(sim::run(seed, raced(plans, delay)), expected(plans, delay));
  });
}

TEST(happy_eyeballs, cancelled_at_any_time_leave_no_attempt_behind) {
  dwell_test::each_seed(1'000, [](std::uint64_t seed) {
    std::mt19937_64 chance(seed);
    const std::vector<plan> plans = some_plans(chance);
    const nanoseconds limit(chance() % 1'000'000'000);
    sim::run(seed, [](const std::vector<plan>& to, nanoseconds after) -> task<> {
      (void)co_await dwell::move_on_after(after, raced(to, 100ms));
    }(plans, limit));
  });
}

TEST(happy_eyeballs, pass_on_what_is_no_failure_to_connect) {
  const auto dials = [](const endpoint&) -> task<int> {
    co_await dwell::sleep_for(1ms);
    throw std::logic_error("a mistake");
  };
  const auto main = [&]() -> task<int> {
    eyeballs::race<int, decltype(dials)> race({endpoint::loopback(1)}, 100ms, dials);
    co_return co_await race.run("name.test:80");
  };
  EXPECT_THROW(sim::run(1, main(), {.print_replay = false}), std::logic_error);
}

}  // namespace
