// shield: what is inside runs to its end, and the cancellation waits outside.
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::cancel_scope;
using dwell::shield;
using dwell::task;
using dwell::with_cancel_scope;
using dwell_test::scaled;
using namespace std::chrono_literals;

class a_shield : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a shield"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_shield, dwell_test::each_worker_count());

task<int> number_after(std::chrono::nanoseconds d, int n) {
  co_await dwell::sleep_for(d);
  co_return n;
}

TEST_P(a_shield, passes_the_value) {
  EXPECT_EQ(dwell::run(shield(number_after(1us, 3)), pool()), 3);
}

TEST_P(a_shield, passes_the_very_same_exception) {
  const auto error = std::make_exception_ptr(std::runtime_error("the one"));
  const auto fails = [&]() -> task<> {
    co_await dwell::yield_now();
    std::rethrow_exception(error);
  };
  std::exception_ptr seen;
  try {
    dwell::run(shield(fails()), pool());
  } catch (const std::runtime_error&) {
    seen = std::current_exception();
  }
  EXPECT_EQ(seen, error);
}

TEST_P(a_shield, passes_a_cancellation_from_inside) {
  const auto cancelled_inside = []() -> task<> {
    throw dwell::cancelled{};
    co_return;
  };
  EXPECT_THROW(dwell::run(shield(cancelled_inside()), pool()), dwell::cancelled);
}

TEST_P(a_shield, lets_its_body_finish_and_the_next_await_outside_throws) {
  const auto main = []() -> task<> {
    int inside = 0;
    bool went_on = false;
    bool past_the_next_await = false;
    const auto body = [&](cancel_scope& s) -> task<> {
      const auto inner = [&]() -> task<> {
        s.cancel();
        for (int i = 0; i < 3; ++i) {
          co_await dwell::sleep_for(10us);
          co_await dwell::yield_now();
          ++inside;
        }
      };
      co_await shield(inner());
      went_on = true;
      co_await dwell::checkpoint();
      past_the_next_await = true;
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    EXPECT_EQ(inside, 3);
    EXPECT_TRUE(went_on);
    EXPECT_FALSE(past_the_next_await);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, keeps_a_gather_inside_alive) {
  const auto main = []() -> task<> {
    int sum = 0;
    const auto body = [&](cancel_scope& s) -> task<> {
      const auto inner = [&]() -> task<> {
        auto children = dwell::gather(number_after(2ms, 1), number_after(1ms, 2));
        const auto got = co_await std::move(children);
        sum = std::get<0>(got) + std::get<1>(got);
      };
      const auto cancels = [&]() -> task<> {
        co_await dwell::sleep_for(100us);
        s.cancel();
      };
      co_await dwell::gather(shield(inner()), cancels());
    };
    co_await with_cancel_scope(body);
    EXPECT_EQ(sum, 3);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, in_a_gather_keeps_the_children_and_not_its_siblings) {
  const auto main = []() -> task<> {
    int finished = 0;
    int cancelled = 0;
    const auto works = [&](std::chrono::nanoseconds d) -> task<> {
      try {
        co_await dwell::sleep_for(d);
        ++finished;
      } catch (const dwell::cancelled&) {
        ++cancelled;
        throw;
      }
    };
    const auto fails = []() -> task<> {
      co_await dwell::sleep_for(100us);
      throw std::runtime_error("cancels the siblings");
    };
    const auto children = [&]() -> task<> {
      co_await dwell::gather(shield(works(2ms)), works(1h), fails());
    };
    bool thrown = false;
    try {
      co_await children();
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_EQ(finished, 1);
    EXPECT_EQ(cancelled, 1);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, begun_in_a_cancelled_scope_runs_its_body) {
  const auto main = []() -> task<> {
    int got = 0;
    const auto body = [&](cancel_scope& s) -> task<> {
      s.cancel();
      got = co_await shield(number_after(10us, 5));
    };
    EXPECT_TRUE(co_await with_cancel_scope(body)) << "no await outside the shield was left";
    EXPECT_EQ(got, 5);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, does_not_keep_its_inside_from_cancelling_itself) {
  const auto main = []() -> task<> {
    EXPECT_EQ(co_await shield(dwell::move_on_after(1ms, number_after(1h, 1))), std::nullopt);
    dwell::cancel_scope_options options;
    options.shield = true;
    const auto body = [](cancel_scope& s) -> task<> {
      s.cancel();
      co_await dwell::sleep_for(1h);
    };
    EXPECT_FALSE(co_await with_cancel_scope(body, options));
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, that_expires_converts_its_own_even_where_the_outside_is_cancelled) {
  const auto main = []() -> task<> {
    bool converted = false;
    const auto outer = [&](cancel_scope& o) -> task<> {
      dwell::cancel_scope_options options;
      options.shield = true;
      options.deadline = std::chrono::steady_clock::now() + 1ms;
      const auto inner = [&](cancel_scope&) -> task<> {
        o.cancel();
        co_await dwell::sleep_for(1h);
      };
      converted = !co_await with_cancel_scope(inner, options);
      co_await dwell::checkpoint();
    };
    EXPECT_FALSE(co_await with_cancel_scope(outer));
    EXPECT_TRUE(converted);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, inside_a_timeout_is_waited_for) {
  const auto main = []() -> task<> {
    bool finished = false;
    const auto inner = [&]() -> task<> {
      co_await dwell::sleep_for(5ms);
      finished = true;
    };
    bool thrown = false;
    const auto body = [&]() -> task<> {
      co_await shield(inner());
      co_await dwell::sleep_for(1h);
    };
    try {
      co_await dwell::timeout(1ms, body());
    } catch (const dwell::timed_out&) {
      thrown = true;
    }
    EXPECT_TRUE(finished);
    EXPECT_TRUE(thrown);
  };
  dwell::run(main(), pool());
}

TEST_P(a_shield, keeps_out_a_cancellation_that_comes_at_any_moment) {
  const auto main = []() -> task<> {
    std::int64_t finished = 0;
    const std::int64_t rounds = scaled(3'000);
    for (std::int64_t i = 0; i < rounds; ++i) {
      const auto body = [&](cancel_scope& s) -> task<> {
        const auto inner = [&]() -> task<> {
          co_await dwell::sleep_for(std::chrono::microseconds(i % 5));
          co_await dwell::yield_now();
          ++finished;
        };
        const auto cancels = [&]() -> task<> {
          co_await dwell::sleep_for(std::chrono::microseconds(i % 7));
          s.cancel();
        };
        const auto shields = [&]() -> task<> { co_await shield(inner()); };
        co_await dwell::gather(shields(), cancels());
      };
      co_await with_cancel_scope(body);
    }
    EXPECT_EQ(finished, rounds);
  };
  dwell::run(main(), pool());
}

}  // namespace
