// A result whose move constructor throws, on its way from the child that ended to whoever waits:
// the exception takes the value's place, and exactly one party hears of it.
#include <gtest/gtest.h>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/task/frame_pool.hpp>

#include "support/workers.hpp"

namespace {

using dwell::task;

struct stuck : std::runtime_error {
  stuck() : runtime_error("stuck") {}
};

/// May be moved so many times, and then throws.
class heavy {
 public:
  explicit heavy(int moves) noexcept : left_(moves) {}
  heavy(heavy&& other) : left_(other.left_ - 1) {
    if (left_ < 0) throw stuck();
  }
  heavy& operator=(heavy&&) = delete;
  ~heavy() = default;

 private:
  int left_;
};

// One move brings it out of the coroutine; it gets no further.
task<heavy> gives() {
  heavy value(1);
  co_return std::move(value);
}

class a_result_that_cannot_be_moved : public dwell_test::on_workers {
 protected:
  template <class F>
  void expect_stuck(F scenario) {
    const auto before = dwell::core::live_frames();
    EXPECT_THROW((void)dwell::run(scenario(), pool()), stuck);
    EXPECT_EQ(dwell::core::live_frames(), before);
  }
};
INSTANTIATE_TEST_SUITE_P(workers, a_result_that_cannot_be_moved, dwell_test::each_worker_count());

TEST_P(a_result_that_cannot_be_moved, fails_the_gather) {
  expect_stuck([]() -> task<> {
    auto both = dwell::gather(gives(), gives());
    co_await std::move(both);
  });
  expect_stuck([]() -> task<> {
    std::vector<task<heavy>> all;
    for (int i = 0; i < 5; ++i) all.push_back(gives());
    auto children = dwell::gather(std::move(all));
    co_await std::move(children);
  });
}

TEST_P(a_result_that_cannot_be_moved, is_an_error_among_settled_outcomes) {
  expect_stuck([]() -> task<> {
    auto one = dwell::gather_settled(gives());
    const auto ends = co_await std::move(one);
    EXPECT_FALSE(std::get<0>(ends).has_value());
    std::rethrow_exception(std::get<0>(ends).error());
  });
}

TEST_P(a_result_that_cannot_be_moved, wins_a_race_as_an_error) {
  expect_stuck([]() -> task<> {
    auto one = dwell::race(gives());
    co_await std::move(one);
  });
}

TEST_P(a_result_that_cannot_be_moved, is_completed_as_an_error) {
  expect_stuck([]() -> task<> {
    std::vector<task<heavy>> all;
    all.push_back(gives());
    const auto body = [](dwell::completions<heavy>& ends) -> task<> {
      auto next = co_await ends.next();
      std::rethrow_exception(next->error());
    };
    auto whole = dwell::as_completed(std::move(all), body);
    co_await std::move(whole);
  });
}

TEST_P(a_result_that_cannot_be_moved, is_thrown_by_the_join) {
  expect_stuck([]() -> task<> {
    auto handle = dwell::spawn(gives());
    co_await handle;
  });
}

TEST_P(a_result_that_cannot_be_moved, is_thrown_by_an_await) {
  expect_stuck([]() -> task<> {
    const heavy never = co_await gives();
    static_cast<void>(never);
  });
}

}  // namespace
