// A connected pair of streams in memory.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/duplex.hpp>

#include "net/reading.hpp"
#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::fault_of;
using dwell_test::read_all;
using dwell_test::read_text;
using net::bytes_of;
using net::duplex_stream;

class a_duplex : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a duplex"};
};
using a_duplex_death = dwell_test::no_frames_left;  // forks: without the watchdog's thread
INSTANTIATE_TEST_SUITE_P(workers, a_duplex, dwell_test::each_worker_count());

TEST_P(a_duplex, carries_bytes_in_both_directions) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        co_await net::write_all(a, bytes_of("ping"));
        EXPECT_EQ(co_await read_text(b), "ping");
        co_await net::write_all(b, bytes_of("pong"));
        EXPECT_EQ(co_await read_text(a), "pong");
      }(),
      pool());
}

TEST_P(a_duplex, takes_no_more_than_its_capacity) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex(5);
        EXPECT_EQ(co_await a.write_some(bytes_of("seven..")), 5U);
        EXPECT_EQ(co_await read_text(b, 3), "sev");
        EXPECT_EQ(co_await a.write_some(bytes_of("1234")), 3U) << "around the turn of the ring";
        EXPECT_EQ(co_await read_text(b), "en123");
      }(),
      pool());
}

TEST_P(a_duplex, gives_nothing_for_empty_buffers_and_does_not_wait) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex(1);
        EXPECT_EQ(co_await a.read_some({}), 0U);
        EXPECT_EQ(co_await a.write_some(bytes_of("x")), 1U);
        EXPECT_EQ(co_await a.write_some({}), 0U);
      }(),
      pool());
}

// Both directions at once, through buffers of every small size.
task<> send_numbers(duplex_stream& to, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i)
    co_await net::write_all(to, std::as_bytes(std::span(&i, 1)));
  co_await to.shutdown_write();
}

task<> receive_numbers(duplex_stream& from, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t got = -1;
    co_await net::read_exactly(from, std::as_writable_bytes(std::span(&got, 1)));
    EXPECT_EQ(got, i);
  }
  EXPECT_EQ(co_await read_text(from), "");
}

task<> talk_both_ways(std::size_t capacity, std::int64_t count) {
  auto ends = net::duplex(capacity);
  auto& [a, b] = ends;
  auto all = dwell::gather(send_numbers(a, count), receive_numbers(a, count),
                           send_numbers(b, count), receive_numbers(b, count));
  co_await std::move(all);
}

TEST_P(a_duplex, keeps_every_byte_in_order_whatever_its_capacity) {
  for (const std::size_t capacity : {1U, 2U, 3U, 7U, 8U, 64U, 1000U})
    dwell::run(talk_both_ways(capacity, dwell_test::scaled(1'000)), pool());
}

TEST_P(a_duplex, that_is_shut_down_gives_the_rest_and_then_the_end) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        co_await net::write_all(a, bytes_of("the rest"));
        co_await a.shutdown_write();
        co_await a.shutdown_write();
        EXPECT_EQ(co_await read_all(b), "the rest");
        EXPECT_EQ(co_await read_text(b), "") << "still";
        EXPECT_EQ(co_await fault_of(a.write_some(bytes_of("x"))), EPIPE);
        co_await net::write_all(b, bytes_of("answer"));
        EXPECT_EQ(co_await read_text(a), "answer") << "the other way is open";
      }(),
      pool());
}

TEST_P(a_duplex, whose_end_is_gone_gives_the_rest_and_refuses_writes) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        co_await net::write_all(a, bytes_of("last words"));
        { const duplex_stream gone = std::move(a); }
        EXPECT_EQ(co_await fault_of(b.write_some(bytes_of("x"))), EPIPE);
        EXPECT_EQ(co_await read_all(b), "last words");
      }(),
      pool());
}

TEST_P(a_duplex, whose_end_goes_lets_those_go_on_who_wait) {
  dwell::run(
      []() -> task<> {
        auto ends = net::duplex(1);
        auto& [a, b] = ends;
        co_await net::write_all(b, bytes_of("x"));
        const auto goes = [](duplex_stream gone) -> task<> {
          for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
          const duplex_stream at_last = std::move(gone);
        };
        auto all =
            dwell::gather(read_text(b), fault_of(b.write_some(bytes_of("y"))), goes(std::move(a)));
        auto results = co_await std::move(all);
        EXPECT_EQ(std::get<0>(results), "");
        EXPECT_EQ(std::get<1>(results), EPIPE);
      }(),
      pool());
}

TEST_P(a_duplex, that_is_aborted_resets_the_other_end_and_loses_what_was_on_its_way) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        co_await net::write_all(a, bytes_of("lost"));
        a.abort();
        EXPECT_EQ(co_await fault_of(read_text(b)), ECONNRESET);
        EXPECT_EQ(co_await fault_of(b.write_some(bytes_of("x"))), ECONNRESET);
        EXPECT_EQ(co_await fault_of(read_text(a)), ECONNABORTED);
        EXPECT_EQ(co_await fault_of(a.write_some(bytes_of("x"))), ECONNABORTED);
      }(),
      pool());
}

TEST_P(a_duplex, that_is_aborted_lets_nobody_wait) {
  dwell::run(
      []() -> task<> {
        auto ends = net::duplex(1);
        auto& [a, b] = ends;
        co_await net::write_all(a, bytes_of("x"));
        const auto breaks_off = [](duplex_stream& s) -> task<> {
          for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
          s.abort();
        };
        auto all = dwell::gather(fault_of(read_text(a)), fault_of(a.write_some(bytes_of("y"))),
                                 breaks_off(b));
        auto results = co_await std::move(all);
        EXPECT_EQ(std::get<0>(results), ECONNRESET);
        EXPECT_EQ(std::get<1>(results), ECONNRESET);
      }(),
      pool());
}

TEST_P(a_duplex, whose_reader_was_cancelled_gives_its_bytes_to_the_next) {
  dwell::run(
      []() -> task<> {
        auto ends = net::duplex();
        auto& [a, b] = ends;
        const auto reads_in_vain = [](duplex_stream& from) -> task<> {
          EXPECT_EQ(co_await read_text(from), "nothing comes");
        };
        co_await dwell_test::cancel_when(reads_in_vain(b), [n = 0]() mutable { return ++n > 5; });
        co_await net::write_all(a, bytes_of("whole"));
        EXPECT_EQ(co_await read_text(b), "whole");
      }(),
      pool());
}

TEST_P(a_duplex, whose_writer_was_cancelled_has_got_nothing_of_it) {
  dwell::run(
      []() -> task<> {
        auto ends = net::duplex(3);
        auto& [a, b] = ends;
        co_await net::write_all(a, bytes_of("abc"));
        const auto writes_in_vain = [](duplex_stream& to) -> task<> {
          EXPECT_EQ(co_await to.write_some(bytes_of("never")), 0U);
        };
        co_await dwell_test::cancel_when(writes_in_vain(a), [n = 0]() mutable { return ++n > 5; });
        co_await net::write_all(b, bytes_of("x"));
        co_await a.shutdown_write();
        EXPECT_EQ(co_await read_all(b), "abc");
      }(),
      pool());
}

TEST_P(a_duplex, can_be_moved_while_an_operation_goes_on) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        std::array<std::byte, 5> text{};
        auto reading = dwell::spawn(b.read_some(text));
        const duplex_stream elsewhere = std::move(b);
        co_await net::write_all(a, bytes_of("found"));
        EXPECT_EQ(co_await reading, 5U);
        EXPECT_EQ(net::text_of(text), "found");
      }(),
      pool());
}

TEST_F(a_duplex_death, without_a_capacity_stops_the_program) {
  EXPECT_DEATH((void)net::duplex(0), "net::duplex: a capacity of 0 bytes lets nothing through");
}

TEST_F(a_duplex_death, with_two_readers_stops_the_program) {
  const auto two_read = []() -> task<> {
    auto ends = net::duplex();
    co_await dwell::gather(read_text(ends.first), read_text(ends.first));
  };
  EXPECT_DEATH(dwell_test::run_on(1, two_read()), "read_some: another task reads from this stream");
}

TEST_F(a_duplex_death, that_is_destroyed_while_a_task_reads_stops_the_program) {
  const auto destroys = []() -> task<> {
    auto ends = net::duplex();
    auto reading = dwell::spawn(read_text(ends.first));
    for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
    const duplex_stream gone = std::move(ends.first);
  };
  EXPECT_DEATH(dwell_test::run_on(1, destroys()), "destroyed while a task reads from it");
}

TEST_F(a_duplex_death, that_was_moved_from_stops_the_program_when_it_is_used) {
  const auto uses = []() -> task<> {
    duplex_stream nothing;
    co_await nothing.shutdown_write();
  };
  EXPECT_DEATH(dwell_test::run_on(1, uses()), "it was moved from");
}

}  // namespace
