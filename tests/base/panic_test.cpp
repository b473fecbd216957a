// panic and DWELL_ASSERT: the sentence that a programmer reads last.
#include <gtest/gtest.h>

#include <dwell/base/panic.hpp>

namespace {

TEST(panic_death, says_who_met_what) {
  EXPECT_DEATH(dwell::base::panic("kettle", "the tea is cold; boil water"),
               "^dwell: kettle: the tea is cold; boil water\n");
}

TEST(panic_death, needs_no_name) {
  EXPECT_DEATH(dwell::base::panic("", "the tea is cold; boil water"),
               "^dwell: the tea is cold; boil water\n");
}

TEST(assertion, that_holds_does_nothing) {
  int evaluations = 0;
  DWELL_ASSERT(++evaluations == 1, "an assertion is evaluated once");
  EXPECT_EQ(evaluations, 1);
}

TEST(assertion_death, that_fails_says_where_and_gives_its_sentence_and_its_condition) {
  EXPECT_DEATH(DWELL_ASSERT(1 + 1 == 3, "one and one is three"),
               "^dwell: invariant broken at .*panic_test\\.cpp:[0-9]+: one and one is three "
               "\\[1 \\+ 1 == 3\\]; please report it\n");
}

}  // namespace
