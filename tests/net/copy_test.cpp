// From one stream to another, and a stream in two halves.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/copy.hpp>
#include <dwell/net/duplex.hpp>
#include <dwell/net/split.hpp>

#include "net/reading.hpp"
#include "net/scripted_stream.hpp"
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
using dwell_test::scripted_stream;
using net::bytes_of;
using net::duplex_stream;

static_assert(net::byte_source<net::read_half<duplex_stream>>);
static_assert(!net::byte_sink<net::read_half<duplex_stream>>);
static_assert(net::byte_sink<net::write_half<duplex_stream>>);
static_assert(!net::byte_source<net::write_half<duplex_stream>>);
static_assert(!net::byte_stream<net::buffered_reader<net::read_half<duplex_stream>>>);

class a_copy : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a copy"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_copy, dwell_test::each_worker_count());

class a_split_stream : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a split stream"};
};
using a_split_stream_death = dwell_test::no_frames_left;  // forks: without the watchdog's thread
INSTANTIATE_TEST_SUITE_P(workers, a_split_stream, dwell_test::each_worker_count());

std::string numbered(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

task<> write_and_end(duplex_stream& to, const std::string& what) {
  co_await net::write_all(to, bytes_of(what));
  co_await to.shutdown_write();
}

TEST_P(a_copy, takes_all_that_comes_and_leaves_the_target_open) {
  scripted_stream from{.pieces = {"ab", "cde", "f"}};
  scripted_stream to{.most_per_write = 2};
  EXPECT_EQ(dwell::run(net::copy(from, to), pool()), 6U);
  EXPECT_EQ(to.written, "abcdef");
  EXPECT_FALSE(to.write_ended);
}

// client ⇄ (a proxy ⇄ b) ⇄ server, where the server answers only after the client's last byte.
task<> through_a_proxy(std::size_t capacity, std::size_t size) {
  const std::string question = numbered(size);
  const std::string answer = numbered(size / 2 + 1);
  auto near = net::duplex(capacity);
  auto far = net::duplex(capacity);
  auto& [client, a] = near;
  auto& [b, server] = far;
  const auto serve = [&answer](duplex_stream& s) -> task<std::string> {
    std::string got = co_await read_all(s, 1000);
    co_await write_and_end(s, answer);
    co_return got;
  };
  auto all = dwell::gather(write_and_end(client, question), read_all(client, 1000), serve(server),
                           net::copy_bidirectional(a, b));
  const auto results = co_await std::move(all);
  EXPECT_EQ(std::get<1>(results), answer);
  EXPECT_EQ(std::get<2>(results), question);
  EXPECT_EQ(std::get<3>(results).a_to_b, question.size());
  EXPECT_EQ(std::get<3>(results).b_to_a, answer.size());
}

TEST_P(a_copy, in_both_directions_passes_the_end_of_each_on) {
  for (const std::size_t capacity : {1U, 100U, 65'536U})
    dwell::run(through_a_proxy(capacity, static_cast<std::size_t>(dwell_test::scaled(50'000))),
               pool());
}

TEST_P(a_copy, in_both_directions_fails_when_one_of_them_does) {
  dwell::run(
      []() -> task<> {
        auto near = net::duplex();
        auto far = net::duplex();
        const auto resets = [](duplex_stream& s) -> task<> {
          for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
          s.abort();
        };
        auto all = dwell::gather(fault_of(net::copy_bidirectional(near.second, far.first)),
                                 resets(near.first));
        const auto results = co_await std::move(all);
        EXPECT_EQ(std::get<0>(results), ECONNRESET);
        co_await net::write_all(far.second, bytes_of("x"));
        EXPECT_EQ(co_await read_text(far.first), "x") << "the reader there was cancelled";
      }(),
      pool());
}

TEST_P(a_copy, that_is_cancelled_leaves_both_streams_usable) {
  dwell::run(
      []() -> task<> {
        auto near = net::duplex();
        scripted_stream to;
        const auto copies = [](duplex_stream& from, scripted_stream& target) -> task<> {
          (void)co_await net::copy(from, target);
        };
        co_await net::write_all(near.first, bytes_of("before "));
        co_await dwell_test::cancel_when(copies(near.second, to),
                                         [n = 0]() mutable { return ++n > 5; });
        co_await write_and_end(near.first, "after");
        (void)co_await net::copy(near.second, to);
        EXPECT_TRUE(to.written.ends_with("after"));
      }(),
      pool());
}

TEST_P(a_split_stream, reads_and_writes_in_two_tasks_that_own_their_halves) {
  const std::string all = numbered(static_cast<std::size_t>(dwell_test::scaled(20'000)));
  const auto scenario = [&all]() -> task<> {
    auto ends = net::duplex(64);
    auto halves = net::split(std::move(ends.first));
    const auto sends = [](net::write_half<duplex_stream> to, const std::string& what) -> task<> {
      net::buffered_writer writer(std::move(to), 100);
      co_await net::write_all(writer, bytes_of(what));
      co_await writer.shutdown_write();
    };
    const auto receives = [](net::read_half<duplex_stream> from) -> task<std::string> {
      net::buffered_reader reader(std::move(from), 100);
      co_return co_await read_all(reader);
    };
    auto sending = dwell::spawn(sends(std::move(halves.second), all));
    auto receiving = dwell::spawn(receives(std::move(halves.first)));
    EXPECT_EQ(co_await net::copy_and_shut_down(ends.second, ends.second), all.size());
    co_await sending;
    EXPECT_EQ(co_await receiving, all) << "what was echoed";
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_split_stream, ends_when_both_halves_are_gone) {
  dwell::run(
      []() -> task<> {
        auto [a, b] = net::duplex();
        auto halves = net::split(std::move(a));
        { const auto gone = std::move(halves.second); }
        EXPECT_EQ(co_await dwell::move_on_after(std::chrono::milliseconds(1), read_text(b)),
                  std::nullopt)
            << "a dropped write half says nothing";
        { const auto gone = std::move(halves.first); }
        EXPECT_EQ(co_await read_text(b), "");
      }(),
      pool());
}

TEST_F(a_split_stream_death, stops_the_program_when_a_half_is_used_that_was_moved_from) {
  auto halves = net::split(scripted_stream());
  const auto elsewhere = std::move(halves.second);
  EXPECT_DEATH((void)halves.second.shutdown_write(), "net::split: this half was moved from");
}

}  // namespace
