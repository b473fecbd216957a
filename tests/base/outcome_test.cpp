// outcome<T>: what a child that was allowed to fail ended with.
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>

#include <dwell/base/outcome.hpp>

namespace {

using dwell::outcome;

std::exception_ptr an_error() { return std::make_exception_ptr(std::runtime_error("no luck")); }

TEST(outcome, of_a_success_gives_its_value) {
  auto o = outcome<int>::success(7);
  EXPECT_TRUE(o.has_value());
  EXPECT_TRUE(static_cast<bool>(o));
  EXPECT_EQ(o.value(), 7);
  EXPECT_EQ(*o, 7);
  EXPECT_EQ(o.error(), nullptr);
}

TEST(outcome, of_a_failure_rethrows_where_its_value_is_asked_for) {
  const std::exception_ptr error = an_error();
  auto o = outcome<int>::failure(error);
  EXPECT_FALSE(o.has_value());
  EXPECT_FALSE(static_cast<bool>(o));
  EXPECT_EQ(o.error(), error);
  EXPECT_THROW(static_cast<void>(o.value()), std::runtime_error);
  EXPECT_THROW(static_cast<void>(*o), std::runtime_error);
  EXPECT_THROW(static_cast<void>(std::move(o).value()), std::runtime_error);
}

TEST(outcome, lets_its_value_be_changed_in_place) {
  auto o = outcome<std::string>::success("a");
  o.value() += "b";
  EXPECT_EQ(*o, "ab");
}

TEST(outcome, can_be_looked_at_while_constant) {
  const auto good = outcome<std::string>::success("text");
  const auto bad = outcome<std::string>::failure(an_error());
  EXPECT_EQ(good.value(), "text");
  EXPECT_EQ(*good, "text");
  EXPECT_EQ(good->size(), 4U);
  EXPECT_THROW(static_cast<void>(bad->size()), std::runtime_error);
}

TEST(outcome, gives_access_to_the_members_of_its_value) {
  auto o = outcome<std::string>::success("text");
  o->clear();
  EXPECT_TRUE(o->empty());
}

TEST(outcome, hands_out_a_move_only_value) {
  auto o = outcome<std::unique_ptr<int>>::success(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = *std::move(o);
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(*taken, 3);
}

TEST(outcome, is_movable_with_its_value) {
  auto from = outcome<std::unique_ptr<int>>::success(std::make_unique<int>(3));
  auto to = std::move(from);
  EXPECT_EQ(**to, 3);
}

TEST(outcome, of_void_has_a_value_without_content) {
  auto o = outcome<void>::success({});
  EXPECT_TRUE(o.has_value());
  EXPECT_NO_THROW(o.value());
  static_assert(std::is_void_v<decltype(o.value())>);
}

TEST(outcome, of_void_rethrows_a_failure) {
  auto o = outcome<void>::failure(an_error());
  EXPECT_THROW(o.value(), std::runtime_error);
}

TEST(outcome, of_a_reference_refers_to_the_same_object) {
  int object = 1;
  auto o = outcome<int&>::success(&object);
  o.value() = 2;
  EXPECT_EQ(object, 2);
  EXPECT_EQ(&*o, &object);
}

TEST(outcome, can_carry_an_exception_pointer_as_its_value) {
  auto o = outcome<std::exception_ptr>::success(an_error());
  EXPECT_TRUE(o.has_value());
  EXPECT_NE(o.value(), nullptr);
  EXPECT_EQ(o.error(), nullptr);
}

TEST(outcome_death, refuses_a_failure_without_an_exception) {
  EXPECT_DEATH(static_cast<void>(outcome<int>::failure(nullptr)),
               "invariant broken at .*: a failed outcome carries an exception");
}

}  // namespace
