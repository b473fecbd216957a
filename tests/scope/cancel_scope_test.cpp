// with_cancel_scope: what a scope's own cancellation does, what passes through, and that it reaches
// whatever the body waits in.
#include <atomic>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::cancel_scope;
using dwell::cancel_scope_options;
using dwell::task;
using dwell::with_cancel_scope;
using dwell_test::scaled;
using dwell_test::tracked;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

class a_cancel_scope : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a cancel scope"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancel_scope, dwell_test::each_worker_count());

task<int> cancels_and_sleeps(cancel_scope& s) {
  s.cancel();
  co_await dwell::sleep_for(1h);
  co_return 1;
}

// Whether an await that would have to wait throws now.
task<bool> is_cancelled_here() {
  try {
    co_await dwell::checkpoint();
  } catch (const dwell::cancelled&) {
    co_return true;
  }
  co_return false;
}

TEST_P(a_cancel_scope, gives_the_value_of_a_body_that_ends) {
  const auto main = []() -> task<> {
    const auto body = [](cancel_scope&) -> task<int> {
      co_await dwell::sleep_for(1us);
      co_return 7;
    };
    const std::optional<int> got = co_await with_cancel_scope(body);
    EXPECT_EQ(got, 7);
    const auto nothing = [](cancel_scope&) -> task<> { co_return; };
    EXPECT_TRUE(co_await with_cancel_scope(nothing));
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, gives_a_reference_and_a_move_only_value) {
  const auto main = []() -> task<> {
    int number = 3;
    const auto refers = [&](cancel_scope&) -> task<int&> { co_return number; };
    const auto got = co_await with_cancel_scope(refers);
    EXPECT_EQ(&got.value().get(), &number);
    const auto moves = [](cancel_scope&) -> task<tracked> { co_return tracked(5); };
    const auto moved = co_await with_cancel_scope(moves);
    EXPECT_EQ(moved.value().value(), 5);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_cancel_scope, gives_nothing_when_its_body_cancels_it) {
  const auto main = []() -> task<> {
    EXPECT_FALSE((co_await with_cancel_scope(cancels_and_sleeps)).has_value());
    EXPECT_FALSE(co_await is_cancelled_here()) << "what is around the scope is not cancelled";
    co_await dwell::sleep_for(1us);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, knows_its_reason) {
  const auto main = []() -> task<> {
    std::vector<std::string> seen;
    const auto body = [&](cancel_scope& s) -> task<> {
      seen.push_back(s.reason());
      EXPECT_FALSE(s.cancel_called());
      s.cancel("the client is gone");
      s.cancel("too late");
      EXPECT_TRUE(s.cancel_called());
      seen.push_back(s.reason());
      co_await dwell::yield_now();
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    const auto without = [&](cancel_scope& s) -> task<> {
      s.cancel();
      seen.push_back(s.reason());
      co_return;
    };
    EXPECT_TRUE(co_await with_cancel_scope(without)) << "it ran to its end";
    const std::vector<std::string> expected{"", "the client is gone", "cancelled"};
    EXPECT_EQ(seen, expected);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, is_level_triggered) {
  const auto main = []() -> task<> {
    int thrown = 0;
    const auto body = [&](cancel_scope& s) -> task<> {
      s.cancel();
      for (int i = 0; i < 3; ++i) {
        try {
          co_await dwell::sleep_for(1h);
        } catch (const dwell::cancelled&) {
          ++thrown;
        }
      }
      co_await dwell::yield_now();
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    EXPECT_EQ(thrown, 3);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, ends_an_await_in_progress_of_a_body_far_below) {
  const auto main = []() -> task<> {
    const std::function<task<>(int)> below = [&](int depth) -> task<> {
      if (depth == 0) {
        co_await dwell::sleep_for(1h);
      } else {
        co_await dwell::gather(below(depth - 1), below(depth - 1));
      }
    };
    const auto body = [&](cancel_scope& s) -> task<> {
      const auto cancels = [&]() -> task<> {
        co_await dwell::sleep_for(100us);
        s.cancel();
      };
      co_await dwell::gather(below(5), cancels());
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, can_be_cancelled_from_a_thread_of_its_own) {
  const auto main = []() -> task<> {
    std::thread canceller;
    const auto body = [&](cancel_scope& s) -> task<> {
      auto channel = dwell::make_oneshot<int>();  // the deadlock report stays silent
      canceller = std::thread([&s] { s.cancel("from outside"); });
      co_await channel.second;
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    canceller.join();
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, returns_the_value_of_a_body_that_swallows_the_cancellation) {
  const auto main = []() -> task<> {
    const auto body = [](cancel_scope& s) -> task<int> {
      s.cancel();
      try {
        co_await dwell::sleep_for(1h);
      } catch (const dwell::cancelled&) {
      }
      co_return 42;
    };
    EXPECT_EQ(co_await with_cancel_scope(body), 42);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, lets_an_error_of_the_body_through) {
  const auto main = []() -> task<> {
    const auto body = [](cancel_scope& s) -> task<> {
      s.cancel();
      try {
        co_await dwell::sleep_for(1h);
      } catch (const dwell::cancelled&) {
        throw std::runtime_error("while it cleaned up");
      }
    };
    std::string seen;
    try {
      co_await with_cancel_scope(body);
    } catch (const std::runtime_error& e) {
      seen = e.what();
    }
    EXPECT_EQ(seen, "while it cleaned up");
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, lets_a_cancellation_that_is_not_its_own_through) {
  const auto main = []() -> task<> {
    bool inner_ended = false;
    const auto outer = [&](cancel_scope& o) -> task<> {
      const auto inner = [&](cancel_scope& i) -> task<> {
        o.cancel();
        EXPECT_FALSE(i.cancel_called());
        co_await dwell::sleep_for(1h);
      };
      co_await with_cancel_scope(inner);
      inner_ended = true;
    };
    EXPECT_FALSE(co_await with_cancel_scope(outer));
    EXPECT_FALSE(inner_ended) << "the inner scope threw";
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, lets_the_outer_cancellation_win_over_its_own) {
  const auto main = []() -> task<> {
    bool inner_ended = false;
    const auto outer = [&](cancel_scope& o) -> task<> {
      const auto inner = [&](cancel_scope& i) -> task<> {
        i.cancel();
        o.cancel();
        co_await dwell::sleep_for(1h);
      };
      co_await with_cancel_scope(inner);
      inner_ended = true;
    };
    EXPECT_FALSE(co_await with_cancel_scope(outer));
    EXPECT_FALSE(inner_ended);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, does_not_take_a_foreign_cancelled_for_its_own) {
  const auto main = []() -> task<> {
    const auto body = [](cancel_scope&) -> task<> {
      throw dwell::cancelled{};
      co_return;
    };
    bool thrown = false;
    try {
      co_await with_cancel_scope(body);
    } catch (const dwell::cancelled&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, never_starts_a_body_in_a_cancelled_surrounding) {
  const auto main = []() -> task<> {
    bool started = false;
    const auto inner = [&](cancel_scope&) -> task<> {
      started = true;
      co_return;
    };
    const auto outer = [&](cancel_scope& o) -> task<> {
      o.cancel();
      co_await with_cancel_scope(inner);
    };
    EXPECT_FALSE(co_await with_cancel_scope(outer));
    EXPECT_FALSE(started);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, that_is_cancelled_before_its_body_starts_never_starts_it) {
  const auto main = []() -> task<> {
    bool started = false;
    const auto body = [&]() -> task<int> {
      started = true;
      co_return 1;
    };
    const auto fn = [&](cancel_scope& s) {
      s.cancel();
      return body();
    };
    EXPECT_FALSE((co_await with_cancel_scope(fn)).has_value());
    EXPECT_FALSE(started);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, cancels_itself_at_its_deadline) {
  const auto main = []() -> task<> {
    cancel_scope_options options;
    options.deadline = steady::now() + 1ms;
    std::string reason;
    const auto body = [&](cancel_scope& s) -> task<> {
      EXPECT_EQ(s.deadline(), options.deadline);
      try {
        co_await dwell::sleep_for(1h);
      } catch (const dwell::cancelled&) {
        reason = s.reason();
        throw;
      }
    };
    EXPECT_FALSE(co_await with_cancel_scope(body, options));
    EXPECT_EQ(reason, "deadline");
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, takes_a_deadline_later_sooner_and_away) {
  const auto main = []() -> task<> {
    const auto given_later = [](cancel_scope& s) -> task<> {
      EXPECT_EQ(s.deadline(), cancel_scope::time_point::max());
      s.set_deadline(steady::now() + 1ms);
      co_await dwell::sleep_for(1h);
    };
    EXPECT_FALSE(co_await with_cancel_scope(given_later));
    const auto moved_sooner = [](cancel_scope& s) -> task<> {
      s.set_deadline(steady::now() + 1h);
      s.set_deadline(steady::now() + 1ms);
      co_await dwell::sleep_for(1h);
    };
    EXPECT_FALSE(co_await with_cancel_scope(moved_sooner));
    const auto moved_later = [](cancel_scope& s) -> task<> {
      s.set_deadline(steady::now() + 200us);
      s.set_deadline(steady::now() + 1h);
      co_await dwell::sleep_for(2ms);
      s.set_deadline(steady::now() + 1ms);
      co_await dwell::sleep_for(1h);
    };
    EXPECT_FALSE(co_await with_cancel_scope(moved_later));
    const auto taken_away = [](cancel_scope& s) -> task<> {
      s.set_deadline(steady::now() + 500us);
      s.set_deadline(cancel_scope::time_point::max());
      co_await dwell::sleep_for(2ms);
    };
    EXPECT_TRUE(co_await with_cancel_scope(taken_away));
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, is_cancelled_at_once_by_a_deadline_that_has_passed) {
  const auto main = []() -> task<> {
    bool came_back = false;
    const auto body = [&](cancel_scope& s) -> task<> {
      s.set_deadline(steady::now() - 1s);
      EXPECT_EQ(s.reason(), "deadline");
      co_await dwell::checkpoint();
      came_back = true;
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    EXPECT_FALSE(came_back);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, keeps_its_callable_in_its_own_frame) {
  const auto make = [](std::shared_ptr<int> number) {
    return with_cancel_scope([number](cancel_scope&) -> task<int> {
      co_await dwell::yield_now();
      co_return *number;
    });
  };
  const auto number = std::make_shared<int>(9);
  EXPECT_EQ(dwell::run(make(number), pool()), 9);
  EXPECT_EQ(number.use_count(), 1);
}

TEST_P(a_cancel_scope, runs_beside_others_in_a_gather) {
  const auto main = []() -> task<> {
    std::vector<task<std::optional<int>>> all;
    const auto ends = [](cancel_scope&) -> task<int> {
      co_await dwell::sleep_for(50us);
      co_return 2;
    };
    for (int i = 0; i < 50; ++i) {
      all.push_back(with_cancel_scope(cancels_and_sleeps));
      all.push_back(with_cancel_scope(ends));
    }
    const auto got = co_await dwell::gather(std::move(all));
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].has_value(), i % 2 == 1);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, meets_its_bodys_end_and_the_outer_cancellation_at_any_moment) {
  const auto main = []() -> task<> {
    std::int64_t ended = 0;
    std::int64_t called_off = 0;
    const std::int64_t rounds = scaled(3'000);
    for (std::int64_t i = 0; i < rounds; ++i) {
      const auto outer = [&](cancel_scope& o) -> task<bool> {
        const auto body = [&](cancel_scope& s) -> task<> {
          const auto sleeps = [](std::int64_t us) -> task<> {
            co_await dwell::sleep_for(std::chrono::microseconds(us));
          };
          const auto cancels = [](cancel_scope& which, std::int64_t us) -> task<> {
            co_await dwell::sleep_for(std::chrono::microseconds(us));
            which.cancel();
          };
          co_await dwell::gather(sleeps(i % 7), cancels(s, i % 5), cancels(o, i % 3));
        };
        co_return co_await with_cancel_scope(body);
      };
      const auto got = co_await with_cancel_scope(outer);
      got.value_or(false) ? ++ended : ++called_off;
    }
    EXPECT_EQ(ended + called_off, rounds);
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, may_have_its_deadline_moved_from_all_its_children) {
  const auto main = []() -> task<> {
    for (std::int64_t round = 0; round < scaled(200); ++round) {
      const auto body = [&](cancel_scope& s) -> task<> {
        const auto moves = [&](int seed) -> task<> {
          for (int i = 0; i < 20; ++i) {
            s.set_deadline(steady::now() +
                           std::chrono::microseconds(100 + (seed * 37 + i * 61) % 400));
            co_await dwell::sleep_for(std::chrono::microseconds(i));
          }
        };
        co_await dwell::gather(moves(0), moves(1), moves(2), moves(3));
        s.set_deadline(steady::now() + 20us);
        co_await dwell::sleep_for(1h);
      };
      EXPECT_FALSE(co_await with_cancel_scope(body));
    }
  };
  dwell::run(main(), pool());
}

TEST_P(a_cancel_scope, stops_the_program_when_its_deadline_is_moved_without_a_runtime) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto main = []() -> task<> {
    const auto body = [](cancel_scope& s) -> task<> {
      std::thread([&] { s.set_deadline(steady::now()); }).join();
      co_return;
    };
    co_await with_cancel_scope(body);
  };
  EXPECT_DEATH(dwell::run(main(), pool()), "cancel_scope::set_deadline.*needs a runtime");
}

}  // namespace
