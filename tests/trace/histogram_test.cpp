// Durations by powers of two.
#include <gtest/gtest.h>
#include <numeric>

#include <dwell/trace/histogram.hpp>

namespace {

using dwell::trace::histogram;

std::size_t bucket_of(std::int64_t ns) {
  histogram h;
  h.add(ns);
  const auto counts = h.counts();
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] == 1) return i;
  return counts.size();
}

TEST(histogram, counts_a_duration_below_the_first_bound_that_is_greater) {
  EXPECT_EQ(bucket_of(0), 0U);
  EXPECT_EQ(bucket_of(histogram::bound_ns(0) - 1), 0U);
  for (std::size_t i = 0; i + 2 < histogram::buckets; ++i) {
    EXPECT_EQ(bucket_of(histogram::bound_ns(i)), i + 1);
    EXPECT_EQ(bucket_of(histogram::bound_ns(i + 1) - 1), i + 1);
  }
}

TEST(histogram, has_a_last_bucket_for_all_that_is_longer) {
  EXPECT_EQ(bucket_of(histogram::bound_ns(histogram::buckets)), histogram::buckets - 1);
  EXPECT_EQ(bucket_of(INT64_MAX), histogram::buckets - 1);
}

TEST(histogram, takes_what_is_negative_for_nothing) { EXPECT_EQ(bucket_of(-5), 0U); }

TEST(histogram, adds_up) {
  histogram h;
  for (std::int64_t i = 1; i <= 100; ++i) h.add(i * 1'000);
  const auto counts = h.counts();
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}), 100U);
  EXPECT_EQ(h.sum_ns(), 5'050'000);
}

}  // namespace
