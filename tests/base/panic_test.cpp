// panic and DWELL_ASSERT: the sentence that a programmer reads last.
#include <gtest/gtest.h>

#include <dwell/base/panic.hpp>

namespace {

TEST(panic_death, names_the_file_and_the_line) {
  EXPECT_DEATH(dwell::base::panic("the tea is cold; boil water"),
               "dwell: the tea is cold; boil water \\(.*panic_test\\.cpp:[0-9]+\\)");
}

TEST(assertion, that_holds_does_nothing) {
  int evaluations = 0;
  DWELL_ASSERT(++evaluations == 1, "an assertion is evaluated once");
  EXPECT_EQ(evaluations, 1);
}

TEST(assertion_death, that_fails_gives_its_sentence_and_its_condition) {
  EXPECT_DEATH(DWELL_ASSERT(1 + 1 == 3, "one and one is three"),
               "invariant broken: one and one is three \\[1 \\+ 1 == 3\\]; please report it "
               "\\(.*panic_test\\.cpp:[0-9]+\\)");
}

}  // namespace
