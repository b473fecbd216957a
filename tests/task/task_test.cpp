// task<T>: what a coroutine gives, throws, and when it runs.
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/tracked.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::tracked;

class a_task : public dwell_test::no_frames_left {};

template <class T>
T run_alone(task<T> t) {
  return dwell_test::run_on(1, std::move(t));
}

task<int> number(int n) { co_return n; }

TEST_F(a_task, gives_a_value) { EXPECT_EQ(run_alone(number(42)), 42); }

TEST_F(a_task, gives_a_value_to_the_task_that_awaits_it) {
  const auto sum = []() -> task<int> {
    const int one = co_await number(1);
    const int two = co_await number(2);
    co_return one + two;
  };
  EXPECT_EQ(run_alone(sum()), 3);
}

TEST_F(a_task, gives_nothing_when_it_is_of_void) {
  static bool ran = false;
  ran = false;
  const auto act = []() -> task<> {
    ran = true;
    co_return;
  };
  run_alone(act());
  EXPECT_TRUE(ran);
}

TEST_F(a_task, gives_a_reference_to_the_very_object) {
  static int object = 0;
  const auto refer = []() -> task<int&> { co_return object; };
  const auto through = [&]() -> task<int&> {
    int& inner = co_await refer();
    inner = 5;
    co_return inner;
  };
  EXPECT_EQ(&run_alone(through()), &object);
  EXPECT_EQ(object, 5);
}

TEST_F(a_task, gives_a_reference_to_a_constant) {
  static const std::string object = "constant";
  const auto refer = []() -> task<const std::string&> { co_return object; };
  EXPECT_EQ(&run_alone(refer()), &object);
}

TEST_F(a_task, gives_a_move_only_value) {
  const auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(9); };
  const auto pass_on = [&]() -> task<std::unique_ptr<int>> { co_return co_await make(); };
  const std::unique_ptr<int> got = run_alone(pass_on());
  ASSERT_NE(got, nullptr);
  EXPECT_EQ(*got, 9);
}

TEST_F(a_task, needs_no_default_constructor_of_its_value) {
  const auto make = []() -> task<tracked> { co_return tracked(4); };
  EXPECT_EQ(run_alone(make()).value(), 4);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_F(a_task, converts_what_it_returns) {
  const auto make = []() -> task<std::string> { co_return "text"; };
  EXPECT_EQ(run_alone(make()), "text");
}

TEST_F(a_task, constructs_what_it_returns_from_braces) {
  const auto make = []() -> task<std::pair<int, int>> { co_return {1, 2}; };
  EXPECT_EQ(run_alone(make()), std::pair(1, 2));
}

TEST_F(a_task, can_give_an_exception_pointer_as_a_value) {
  const auto make = []() -> task<std::exception_ptr> {
    co_return std::make_exception_ptr(std::runtime_error("a value"));
  };
  EXPECT_NE(run_alone(make()), nullptr);
}

TEST_F(a_task, rethrows_the_very_exception_to_its_awaiter) {
  static const std::exception* thrown = nullptr;
  const auto fail = []() -> task<int> {
    std::runtime_error error("the very one");
    try {
      throw error;
    } catch (const std::exception& e) {
      thrown = &e;
      throw;
    }
    co_return 0;
  };
  const auto look = [&]() -> task<bool> {
    try {
      co_await fail();
    } catch (const std::runtime_error& e) {
      co_return &e == thrown&& std::string("the very one") == e.what();
    }
    co_return false;
  };
  EXPECT_TRUE(run_alone(look()));
}

TEST_F(a_task, can_throw_what_is_no_std_exception) {
  const auto fail = []() -> task<> {
    throw 17;
    co_return;
  };
  EXPECT_THROW(run_alone(fail()), int);
}

struct refuses_to_be_copied {
  refuses_to_be_copied() = default;
  refuses_to_be_copied(const refuses_to_be_copied&) { throw std::length_error("no copies"); }
};

TEST_F(a_task, reports_an_exception_of_its_result_s_constructor) {
  const auto give = []() -> task<refuses_to_be_copied> {
    const refuses_to_be_copied original;
    co_return original;
  };
  EXPECT_THROW(static_cast<void>(run_alone(give())), std::length_error);
}

struct throws_when_destroyed {
  ~throws_when_destroyed() noexcept(false) { throw std::domain_error("from a destructor"); }
};

TEST_F(a_task, prefers_an_exception_of_a_local_s_destructor_to_its_result) {
  const auto give = []() -> task<tracked> {
    const throws_when_destroyed local;
    co_return tracked(1);
  };
  EXPECT_THROW(static_cast<void>(run_alone(give())), std::domain_error);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_F(a_task, goes_on_after_a_caught_exception) {
  const auto fail = []() -> task<int> {
    throw std::runtime_error("once");
    co_return 0;
  };
  const auto retry = [&]() -> task<int> {
    int failures = 0;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await fail();
      } catch (const std::runtime_error&) {
        ++failures;
      }
    }
    co_return failures;
  };
  EXPECT_EQ(run_alone(retry()), 3);
}

TEST_F(a_task, runs_nothing_until_it_is_awaited) {
  static int runs = 0;
  runs = 0;
  const auto count = []() -> task<> {
    ++runs;
    co_return;
  };
  const auto later = [&]() -> task<int> {
    auto t = count();
    const int before = runs;
    co_await t;
    co_return before;
  };
  EXPECT_EQ(run_alone(later()), 0);
  EXPECT_EQ(runs, 1);
}

TEST_F(a_task, is_empty_after_a_move_and_after_an_await) {
  const auto look = []() -> task<bool> {
    task<int> first = number(1);
    const bool full = static_cast<bool>(first);
    task<int> second = std::move(first);
    const bool moved = !first && second;  // NOLINT: what a moved-from task says is the question
    co_await second;
    co_return full&& moved && !second;
  };
  EXPECT_TRUE(run_alone(look()));
  EXPECT_FALSE(static_cast<bool>(task<int>()));
}

TEST_F(a_task, can_be_swapped) {
  const auto look = []() -> task<int> {
    task<int> a = number(1);
    task<int> b = number(2);
    a.swap(b);
    const int first = co_await a;
    const int second = co_await b;
    co_return 10 * first + second;
  };
  EXPECT_EQ(run_alone(look()), 21);
}

TEST_F(a_task, keeps_its_parameters_until_its_await_is_over) {
  const auto hold = [](tracked t) -> task<int> { co_return t.value(); };
  const auto look = [&]() -> task<int> {
    const int value = co_await hold(tracked(3));
    co_return 10 * value + tracked::alive();
  };
  EXPECT_EQ(run_alone(look()), 30);
}

TEST_F(a_task, destroys_its_locals_when_it_throws) {
  const auto fail = []() -> task<> {
    const tracked local(1);
    throw std::runtime_error("unwinds");
    co_return;
  };
  EXPECT_THROW(run_alone(fail()), std::runtime_error);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_F(a_task, destroys_a_result_that_nobody_takes) {
  const auto make = []() -> task<tracked> { co_return tracked(1); };
  const auto ignore = [&]() -> task<> { co_await make(); };
  run_alone(ignore());
  EXPECT_EQ(tracked::alive(), 0);
}

}  // namespace
