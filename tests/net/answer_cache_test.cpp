// The resolver's cache, at times that the test chooses.
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include <dwell/net/answer_cache.hpp>

namespace {

using dwell::net::answer_cache;
using dwell::net::host_answer;
using dwell::net::resolve_failure;
using dwell::net::resolver_options;
using namespace std::chrono_literals;

constexpr std::int64_t second = 1'000'000'000;

std::shared_ptr<const host_answer> good_for(std::chrono::seconds ttl) {
  host_answer answer;
  answer.ttl = ttl;
  return std::make_shared<const host_answer>(answer);
}

std::shared_ptr<const host_answer> failure(bool certain) {
  host_answer answer;
  answer.failure = resolve_failure::no_such_host;
  answer.certain = certain;
  return std::make_shared<const host_answer>(answer);
}

TEST(answer_cache, keeps_an_answer_for_its_time_to_live) {
  answer_cache cache((resolver_options()));
  const auto answer = good_for(10s);
  cache.keep("a.test", answer, 5 * second);
  EXPECT_EQ(cache.find("a.test", 15 * second - 1), answer);
  EXPECT_EQ(cache.find("a.test", 15 * second), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(answer_cache, bounds_the_time_to_live) {
  resolver_options options;
  options.ttl_floor = 5s;
  options.ttl_ceiling = 60s;
  answer_cache cache(options);
  cache.keep("short.test", good_for(0s), 0);
  cache.keep("long.test", good_for(24h), 0);
  EXPECT_NE(cache.find("short.test", 5 * second - 1), nullptr);
  EXPECT_EQ(cache.find("short.test", 5 * second), nullptr);
  EXPECT_NE(cache.find("long.test", 60 * second - 1), nullptr);
  EXPECT_EQ(cache.find("long.test", 60 * second), nullptr);
}

TEST(answer_cache, keeps_a_certain_failure_for_a_time_of_its_own_and_no_other) {
  resolver_options options;
  options.negative_ttl = 3s;
  options.ttl_floor = 60s;
  answer_cache cache(options);
  cache.keep("certain.test", failure(true), 0);
  cache.keep("perhaps.test", failure(false), 0);
  EXPECT_NE(cache.find("certain.test", 3 * second - 1), nullptr);
  EXPECT_EQ(cache.find("certain.test", 3 * second), nullptr);
  EXPECT_EQ(cache.find("perhaps.test", 0), nullptr);
}

TEST(answer_cache, forgets_what_was_not_used_for_longest) {
  resolver_options options;
  options.cache_entries = 2;
  answer_cache cache(options);
  cache.keep("a.test", good_for(10s), 0);
  cache.keep("b.test", good_for(10s), 0);
  EXPECT_NE(cache.find("a.test", 1), nullptr);
  cache.keep("c.test", good_for(10s), 2);
  EXPECT_NE(cache.find("a.test", 3), nullptr);
  EXPECT_EQ(cache.find("b.test", 3), nullptr);
  EXPECT_NE(cache.find("c.test", 3), nullptr);
}

TEST(answer_cache, has_the_newest_answer_for_a_name) {
  answer_cache cache((resolver_options()));
  const auto newer = good_for(10s);
  cache.keep("a.test", good_for(20s), 0);
  cache.keep("a.test", newer, 1 * second);
  EXPECT_EQ(cache.find("a.test", 2 * second), newer);
  EXPECT_EQ(cache.size(), 1U);
  cache.keep("a.test", failure(false), 3 * second);
  EXPECT_EQ(cache.find("a.test", 4 * second), nullptr);
}

TEST(answer_cache, of_no_entries_keeps_nothing) {
  resolver_options options;
  options.cache_entries = 0;
  answer_cache cache(options);
  cache.keep("a.test", good_for(10s), 0);
  EXPECT_EQ(cache.find("a.test", 1), nullptr);
}

}  // namespace
