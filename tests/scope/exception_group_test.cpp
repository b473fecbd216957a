// exception_group: many errors as one, printed as a tree.
#include <exception>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using dwell::exception_group;

std::exception_ptr error(const char* text) {
  return std::make_exception_ptr(std::runtime_error(text));
}

std::exception_ptr group(std::vector<std::exception_ptr> errors) {
  return std::make_exception_ptr(exception_group("in a task group", std::move(errors)));
}

TEST(an_exception_group, prints_one_error) {
  const exception_group one("in a batch", {error("disk full")});
  EXPECT_STREQ(one.what(), "1 error in a batch\n`- disk full");
}

TEST(an_exception_group, prints_nested_groups_as_a_tree) {
  const auto inner = group({error("connection refused"), error("no such host")});
  const exception_group outer("in a task group", {error("first"), inner, error("last")});
  EXPECT_STREQ(outer.what(),
               "3 errors in a task group\n"
               "|- first\n"
               "|- 2 errors in a task group\n"
               "|  |- connection refused\n"
               "|  `- no such host\n"
               "`- last");
}

TEST(an_exception_group, prints_a_nested_group_that_comes_last) {
  const exception_group outer("outside", {group({group({error("deep")})})});
  EXPECT_STREQ(outer.what(),
               "1 error outside\n"
               "`- 1 error in a task group\n"
               "   `- 1 error in a task group\n"
               "      `- deep");
}

TEST(an_exception_group, indents_an_error_of_several_lines) {
  const exception_group both("here", {error("one\ntwo"), error("a\n\nb")});
  EXPECT_STREQ(both.what(), "2 errors here\n|- one\n|  two\n`- a\n   \n   b");
}

TEST(an_exception_group, prints_what_is_no_std_exception) {
  const exception_group odd("here", {std::make_exception_ptr(7)});
  EXPECT_STREQ(odd.what(), "1 error here\n`- an exception that is no std::exception");
}

TEST(an_exception_group, keeps_the_same_exception_objects_in_order) {
  const auto first = error("first");
  const auto second = error("second");
  const exception_group both("here", {first, second});
  ASSERT_EQ(both.errors().size(), 2U);
  EXPECT_EQ(both.errors()[0], first);
  EXPECT_EQ(both.errors()[1], second);
}

TEST(an_exception_group, is_caught_as_a_std_exception_and_copied_whole) {
  std::string text;
  std::vector<std::exception_ptr> errors;
  try {
    throw exception_group("here", {error("only")});
  } catch (const std::exception& e) {
    text = e.what();
    exception_group copy("elsewhere", {error("other")});
    copy = dynamic_cast<const exception_group&>(e);
    errors = copy.errors();
  }
  EXPECT_EQ(text, "1 error here\n`- only");
  EXPECT_EQ(errors.size(), 1U);
}

TEST(exception_group_death, says_that_it_holds_nothing) {
  EXPECT_DEATH(exception_group("here", {}), "dwell: exception_group: it holds no error");
}

}  // namespace
