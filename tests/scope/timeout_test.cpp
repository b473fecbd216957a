// timeout and its family: only the owner of a deadline converts it, and nothing that was complete
// is lost.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
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

using dwell::task;
using dwell::timeout;
using dwell_test::scaled;
using dwell_test::tracked;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

class a_timeout : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a timeout"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_timeout, dwell_test::each_worker_count());

task<int> number_after(std::chrono::nanoseconds d, int n) {
  co_await dwell::sleep_for(d);
  co_return n;
}

// The message of the timed_out that ends `body`, "cancelled", or "value".
template <class T>
task<std::string> how_it_ends(task<T> body) {
  try {
    (void)co_await std::move(body);
  } catch (const dwell::timed_out& e) {
    co_return e.what();
  } catch (const dwell::cancelled&) {
    co_return "cancelled";
  }
  co_return "value";
}

TEST_P(a_timeout, gives_the_value_of_a_body_that_ends_in_time) {
  EXPECT_EQ(dwell::run(timeout(1h, number_after(10us, 4)), pool()), 4);
  EXPECT_EQ(dwell::run(timeout(std::chrono::nanoseconds::max(), number_after(1us, 5)), pool()), 5);
}

TEST_P(a_timeout, throws_timed_out_that_names_the_limit) {
  EXPECT_EQ(dwell::run(how_it_ends(timeout(2ms, number_after(1h, 1))), pool()),
            "timed out after 2 ms");
  EXPECT_EQ(dwell::run(how_it_ends(timeout(1500us, number_after(1h, 1))), pool()),
            "timed out after 1500 us");
  EXPECT_EQ(dwell::run(how_it_ends(timeout(1001ns, number_after(1h, 1))), pool()),
            "timed out after 1001 ns");
}

TEST_P(a_timeout, until_a_point_in_time_ends_there) {
  EXPECT_EQ(
      dwell::run(how_it_ends(dwell::timeout_at(steady::now() + 1ms, number_after(1h, 1))), pool()),
      "timed out: the deadline has passed");
  EXPECT_EQ(dwell::run(dwell::timeout_at(steady::now() + 1h, number_after(1us, 6)), pool()), 6);
}

TEST_P(a_timeout, of_zero_or_less_never_starts_its_body) {
  bool started = false;
  const auto body = [&]() -> task<int> {
    started = true;
    co_return 1;
  };
  EXPECT_EQ(dwell::run(how_it_ends(timeout(0s, body())), pool()), "timed out after 0 s");
  EXPECT_EQ(dwell::run(how_it_ends(timeout(-1s, body())), pool()), "timed out after -1 s");
  EXPECT_EQ(dwell::run(dwell::move_on_after(0s, body()), pool()), std::nullopt);
  EXPECT_EQ(dwell::run(how_it_ends(dwell::timeout_at(steady::now() - 1s, body())), pool()),
            "timed out: the deadline has passed");
  EXPECT_FALSE(started);
}

TEST_P(a_timeout, counts_from_when_it_begins_to_run) {
  const auto main = []() -> task<> {
    auto admitted_late = timeout(20ms, number_after(1us, 3));
    co_await dwell::sleep_for(25ms);
    EXPECT_EQ(co_await std::move(admitted_late), 3);
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, waits_for_its_bodys_cleanup) {
  bool cleaned = false;
  const auto body = [&]() -> task<int> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      cleaned = true;
      throw;
    }
    co_return 0;
  };
  EXPECT_EQ(dwell::run(how_it_ends(timeout(1ms, body())), pool()), "timed out after 1 ms");
  EXPECT_TRUE(cleaned);
}

TEST_P(a_timeout, lets_an_error_of_the_body_win) {
  const auto fails_at_once = []() -> task<> {
    throw std::runtime_error("at once");
    co_return;
  };
  const auto fails_when_cancelled = []() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("when cancelled");
    }
  };
  const auto message = [&](task<> t) -> std::string {
    try {
      dwell::run(std::move(t), pool());
    } catch (const dwell::timed_out&) {
      return "a timeout";
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "nothing";
  };
  EXPECT_EQ(message(timeout(1h, fails_at_once())), "at once");
  EXPECT_EQ(message(timeout(1ms, fails_when_cancelled())), "when cancelled");
}

TEST_P(a_timeout, returns_the_value_of_a_body_that_swallows_the_cancellation) {
  const auto body = []() -> task<int> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    co_return 42;
  };
  EXPECT_EQ(dwell::run(timeout(1ms, body()), pool()), 42);
}

TEST_P(a_timeout, in_another_is_not_converted_by_the_one_that_has_time_left) {
  EXPECT_EQ(dwell::run(timeout(1h, how_it_ends(timeout(1ms, number_after(1h, 1)))), pool()),
            "timed out after 1 ms");
  const auto outer_first = [&]() -> task<std::string> {
    std::string inner;
    const auto body = [&]() -> task<int> {
      try {
        co_return co_await timeout(1h, number_after(1h, 1));
      } catch (const dwell::cancelled&) {
        inner = "cancelled";
        throw;
      }
    };
    const std::string outer = co_await how_it_ends(timeout(1ms, body()));
    co_return inner + ", " + outer;
  };
  EXPECT_EQ(dwell::run(outer_first(), pool()), "cancelled, timed out after 1 ms");
}

TEST_P(a_timeout, whose_body_kept_the_worker_busy_still_lets_the_outer_one_interrupt) {
  const auto busy = []() -> task<int> {
    const auto until = steady::now() + 5ms;
    while (steady::now() < until) {
    }
    co_await dwell::sleep_for(1h);
    co_return 1;
  };
  const auto inner = [&]() -> task<int> {
    try {
      co_return co_await timeout(2ms, busy());
    } catch (const dwell::timed_out&) {
    }
    co_await dwell::sleep_for(1h);
    co_return 2;
  };
  EXPECT_EQ(dwell::run(how_it_ends(timeout(4ms, inner())), pool()), "timed out after 4 ms");
}

TEST_P(a_timeout, does_not_cancel_what_is_around_it) {
  const auto main = []() -> task<> {
    EXPECT_EQ(co_await how_it_ends(timeout(1ms, number_after(1h, 1))), "timed out after 1 ms");
    co_await dwell::sleep_for(1us);
    co_await dwell::checkpoint();
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, lets_a_cancellation_from_outside_pass) {
  const auto main = []() -> task<> {
    std::string inner;
    const auto body = [&](dwell::cancel_scope& s) -> task<> {
      s.cancel();
      try {
        co_await timeout(1h, number_after(1h, 1));
      } catch (const dwell::cancelled&) {
        inner = "cancelled";
        throw;
      }
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
    EXPECT_EQ(inner, "cancelled");
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, behind_a_shield_is_a_timeout_in_a_cancelled_scope_too) {
  const auto main = []() -> task<> {
    std::string seen;
    const auto body = [&](dwell::cancel_scope& s) -> task<> {
      s.cancel();
      seen = co_await dwell::shield(how_it_ends(timeout(1ms, number_after(1h, 1))));
    };
    EXPECT_TRUE(co_await dwell::with_cancel_scope(body));
    EXPECT_EQ(seen, "timed out after 1 ms");
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, ends_a_gather_with_all_its_children) {
  const auto body = []() -> task<int> {
    std::vector<task<int>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(number_after(1h, i));
    const auto got = co_await dwell::gather(std::move(all));
    co_return got[0];
  };
  EXPECT_EQ(dwell::run(how_it_ends(timeout(2ms, body())), pool()), "timed out after 2 ms");
}

TEST_P(a_timeout, takes_whatever_can_be_awaited) {
  const auto main = []() -> task<> {
    auto both = dwell::gather(number_after(1us, 1), number_after(1us, 2));
    const auto got = co_await timeout(1h, std::move(both));
    EXPECT_EQ(std::get<0>(got) + std::get<1>(got), 3);
    auto handle = dwell::spawn(number_after(20ms, 3));
    EXPECT_FALSE((co_await dwell::move_on_after(1ms, handle)).has_value());
    EXPECT_TRUE(handle.joinable()) << "only the join was called off";
    EXPECT_EQ(co_await dwell::shield(handle), 3);
    EXPECT_FALSE(co_await dwell::move_on_after(1ms, dwell::sleep_for(1h)));
    co_await dwell::timeout_at(steady::now() + 1h, dwell::yield_now());
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, that_is_not_needed_leaves_no_timer) {
  dwell::runtime rt(pool());
  for (int i = 0; i < 100; ++i) rt.run(timeout(1h, number_after(1us, i)));
  // The last sleep's timer may count for a moment longer; the watchdog sees one that stays.
  while (rt.statistics().pending_timers != 0) std::this_thread::yield();
}

TEST_P(a_timeout, that_is_skipped_reports_no_task_as_forgotten) {
  static std::atomic<int> forgotten{0};
  forgotten = 0;
  dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++forgotten; });
  const auto main = []() -> task<> {
    const auto body = [](dwell::cancel_scope& s) -> task<> {
      s.cancel();
      auto skipped = dwell::gather(timeout(1h, timeout(1h, number_after(1h, 1))),
                                   timeout(1h, dwell::shield(number_after(1h, 2))));
      co_await std::move(skipped);
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
  };
  dwell::run(main(), pool());
  dwell::set_never_awaited_hook(nullptr);
  EXPECT_EQ(forgotten, 0);
}

TEST_P(a_timeout, that_moves_on_gives_nothing_or_the_value) {
  EXPECT_EQ(dwell::run(dwell::move_on_after(1ms, number_after(1h, 1)), pool()), std::nullopt);
  EXPECT_EQ(dwell::run(dwell::move_on_after(1h, number_after(1us, 8)), pool()), 8);
  const auto nothing = [](std::chrono::nanoseconds d) -> task<> { co_await dwell::sleep_for(d); };
  EXPECT_TRUE(dwell::run(dwell::move_on_after(1h, nothing(1us)), pool()));
  EXPECT_FALSE(dwell::run(dwell::move_on_after(1ms, nothing(1h)), pool()));
}

TEST_P(a_timeout, for_silence_is_pushed_by_progress) {
  const auto main = []() -> task<> {
    const auto speaks = [](dwell::progress& progress) -> task<int> {
      for (int i = 0; i < 20; ++i) {
        co_await dwell::sleep_for(1ms);
        progress();
      }
      co_return 20;
    };
    EXPECT_EQ(co_await dwell::idle_timeout(10s, speaks), 20);
    int words = 0;
    const auto falls_silent = [&](dwell::progress& progress) -> task<int> {
      for (; words < 5; ++words) {
        progress();
        co_await dwell::yield_now();
      }
      co_await dwell::sleep_for(1h);
      co_return words;
    };
    EXPECT_EQ(co_await how_it_ends(dwell::idle_timeout(50ms, falls_silent)),
              "no progress for 50 ms");
    EXPECT_EQ(words, 5);
  };
  dwell::run(main(), pool());
}

// The limit is shorter than the whole, so an alarm that did not follow the progress would show; it
// is long against the single steps, so a busy machine does not.
TEST_P(a_timeout, for_silence_outlives_its_limit_many_times_while_there_is_progress) {
  const auto main = []() -> task<> {
    const auto speaks = [](dwell::progress& progress) -> task<int> {
      const auto until = steady::now() + 900ms;
      int words = 0;
      for (; steady::now() < until; ++words) {
        progress();
        co_await dwell::sleep_for(200us);
      }
      co_return words;
    };
    EXPECT_GT(co_await dwell::idle_timeout(300ms, speaks), 0);
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, that_races_its_bodys_end_gives_the_value_or_times_out) {
  const auto main = []() -> task<> {
    std::int64_t ended = 0;
    std::int64_t late = 0;
    const std::int64_t rounds = scaled(10'000);
    for (std::int64_t i = 0; i < rounds; ++i) {
      const auto limit = std::chrono::microseconds(20 + i % 5);
      const auto body = [](std::chrono::nanoseconds d) -> task<tracked> {
        co_await dwell::sleep_for(d);
        co_return tracked(1);
      };
      const auto got = co_await dwell::move_on_after(limit, body(22us));
      got.has_value() ? ++ended : ++late;
    }
    EXPECT_EQ(ended + late, rounds);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_timeout, races_by_the_thousand_beside_each_other) {
  const auto main = []() -> task<> {
    for (std::int64_t round = 0; round < scaled(20); ++round) {
      std::vector<task<std::optional<int>>> all;
      for (int i = 0; i < 1000; ++i)
        all.push_back(dwell::move_on_after(std::chrono::microseconds(100 + i % 100),
                                           number_after(std::chrono::microseconds(150), i)));
      const auto got = co_await dwell::gather(std::move(all));
      for (int i = 0; i < 1000; ++i) {
        const auto& one = got[static_cast<std::size_t>(i)];
        EXPECT_TRUE(!one || *one == i);
      }
    }
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, races_its_bodys_end_and_an_outer_timeout) {
  const auto main = []() -> task<> {
    const std::int64_t rounds = scaled(3'000);
    std::int64_t seen = 0;
    for (std::int64_t i = 0; i < rounds; ++i) {
      const auto us = [](std::int64_t n) { return std::chrono::microseconds(n); };
      const auto got = co_await dwell::move_on_after(
          us(20 + i % 7), dwell::move_on_after(us(20 + i % 5), number_after(us(20 + i % 3), 1)));
      if (!got || !*got || **got == 1) ++seen;
    }
    EXPECT_EQ(seen, rounds);
  };
  dwell::run(main(), pool());
}

TEST_P(a_timeout, without_waiting_inside_ends_while_its_alarm_may_ring) {
  // The body never leaves its worker, so it ends attached: the alarm that is certain to ring must
  // find everything detached.
  const auto main = []() -> task<> {
    const auto spins = [](std::chrono::nanoseconds d) -> task<int> {
      const auto until = steady::now() + d;
      while (steady::now() < until) {
      }
      co_return 1;
    };
    for (std::int64_t i = 0; i < scaled(2'000); ++i) {
      const auto limit = std::chrono::microseconds(10 + i % 30);
      auto both = dwell::gather(dwell::move_on_after(limit, spins(25us)),
                                dwell::move_on_after(limit, spins(25us)));
      const auto got = co_await std::move(both);
      // Without a value only where the limit had passed before the body could begin.
      EXPECT_EQ(std::get<0>(got).value_or(1) + std::get<1>(got).value_or(1), 2);
    }
  };
  dwell::run(main(), pool());
}

}  // namespace
