// A simulated network: what a connection does when all goes well, and when it does not.
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/stream.hpp>
#include <dwell/sim/network.hpp>
#include <dwell/sim/run.hpp>

#include "net/reading.hpp"
#include "support/cancel_when.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
namespace sim = dwell::sim;
using dwell::task;
using dwell_test::fault_of;
using dwell_test::read_all;
using dwell_test::read_text;
using net::bytes_of;
using namespace std::chrono_literals;

class a_simulated_network : public dwell_test::no_frames_left {};
using a_simulated_network_death = a_simulated_network;

constexpr sim::options quiet{.print_replay = false};

/// A client and a server that are connected.
struct pair {
  sim::connection client;
  sim::connection server;
};

task<pair> connected(sim::network& network) {
  sim::listener listening = network.listen("server");
  pair p;
  p.client = co_await network.connect("server");
  p.server = co_await listening.accept();
  co_return p;
}

// Runs `fn(client, server, network)` over some seeds.
template <class F>
task<> with_pair(const F& fn, sim::network_options o) {
  sim::network network(o);
  pair p = co_await connected(network);
  co_await fn(p.client, p.server, network);
}

template <class F>
void over_seeds(const F& fn, const sim::network_options& o = {}) {
  for (const std::uint64_t seed : sim::seeds(50)) sim::run(seed, with_pair(fn, o));
}

constexpr sim::network_options steady{.shortest_latency = 10ms, .longest_latency = 10ms};

task<> end(sim::connection& c) { co_await c.shutdown_write(); }
task<> destroy(sim::connection& c) {
  const sim::connection gone = std::move(c);
  co_return;
}

// ---- When all goes well ----

TEST_F(a_simulated_network, carries_bytes_both_ways_and_tells_the_names) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    EXPECT_EQ(c.local_name(), "client");
    EXPECT_EQ(c.remote_name(), "server");
    EXPECT_EQ(s.remote_name(), "client");
    co_await net::write_all(c, bytes_of("ping"));
    EXPECT_EQ(co_await read_text(s), "ping");
    co_await net::write_all(s, bytes_of("pong"));
    EXPECT_EQ(co_await read_text(c), "pong");
  });
}

TEST_F(a_simulated_network, needs_a_round_trip_to_connect_and_a_latency_for_data) {
  const auto program = []() -> task<> {
    sim::network network(steady);
    const auto start = sim::now();
    pair p = co_await connected(network);
    EXPECT_EQ(sim::now() - start, 20ms);
    co_await net::write_all(p.client, bytes_of("x"));
    EXPECT_EQ(sim::now() - start, 20ms) << "to write is not to arrive";
    EXPECT_EQ(co_await read_text(p.server), "x");
    EXPECT_EQ(sim::now() - start, 30ms);
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, takes_the_time_that_the_bandwidth_says) {
  sim::network_options o = steady;
  o.bandwidth = 1000;
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        const auto start = sim::now();
        co_await net::write_all(c, bytes_of(std::string(500, 'x')));
        co_await end(c);
        EXPECT_EQ((co_await read_all(s)).size(), 500U);
        EXPECT_EQ(sim::now() - start, 510ms);
      },
      o);
}

TEST_F(a_simulated_network, makes_a_writer_wait_for_the_reader) {
  sim::network_options o;
  o.window = 4;
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        EXPECT_EQ(co_await c.write_some(bytes_of("abcdef")), 4U);
        EXPECT_EQ(co_await dwell::move_on_after(1h, c.write_some(bytes_of("ef"))), std::nullopt);
        EXPECT_EQ(co_await read_text(s, 1), "a");
        EXPECT_EQ(co_await c.write_some(bytes_of("ef")), 1U);
        co_await end(c);
        EXPECT_EQ(co_await read_all(s), "bcde");
      },
      o);
}

TEST_F(a_simulated_network, reads_and_writes_a_part_by_chance) {
  sim::network_options o;
  o.short_reads = 0.5;
  o.short_writes = 0.5;
  std::set<std::size_t> written;
  std::set<std::size_t> read;
  over_seeds(
      [&](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        const std::size_t count = co_await c.write_some(bytes_of("12345"));
        written.insert(count);
        read.insert((co_await read_text(s)).size());
      },
      o);
  EXPECT_EQ(written, (std::set<std::size_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(read, (std::set<std::size_t>{1, 2, 3, 4, 5}));
}

TEST_F(a_simulated_network, delivers_what_was_written_before_the_end) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    for (int i = 0; i < 10; ++i) co_await net::write_all(c, bytes_of("piece "));
    co_await end(c);
    co_await end(c);
    EXPECT_EQ(co_await fault_of(c.write_some(bytes_of("x"))), EPIPE);
    EXPECT_EQ((co_await read_all(s)).size(), 60U);
    EXPECT_EQ(co_await read_text(s), "") << "still at the end";
    co_await net::write_all(s, bytes_of("answer"));
    EXPECT_EQ(co_await read_text(c), "answer") << "the other way is open";
  });
}

TEST_F(a_simulated_network, gives_nothing_for_empty_buffers_and_does_not_wait) {
  over_seeds([](sim::connection& c, sim::connection&, sim::network&) -> task<> {
    EXPECT_EQ(co_await c.read_some({}), 0U);
    EXPECT_EQ(co_await c.write_some({}), 0U);
  });
}

// ---- Listening and connecting ----

TEST_F(a_simulated_network, refuses_who_connects_to_nobody) {
  const auto program = []() -> task<> {
    sim::network network;
    EXPECT_EQ(co_await fault_of(network.connect("nobody")), ECONNREFUSED);
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, refuses_who_does_not_fit_into_the_backlog) {
  const auto program = []() -> task<> {
    sim::network network;
    sim::listener listening = network.listen("server", 1);
    const sim::connection first = co_await network.connect("server");
    EXPECT_EQ(co_await fault_of(network.connect("server")), ECONNREFUSED);
    const sim::connection accepted = co_await listening.accept();
    const sim::connection second = co_await network.connect("server", "another");
    EXPECT_EQ((co_await listening.accept()).remote_name(), "another");
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, lets_a_name_be_listened_at_once_at_a_time) {
  const auto program = []() -> task<> {
    sim::network network;
    for (int i = 0; i < 2; ++i) {
      const sim::listener listening = network.listen("server");
      EXPECT_THROW((void)network.listen("server"), net::error);
      co_await dwell::yield_now();
    }
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, resets_what_a_listener_had_not_accepted) {
  const auto program = []() -> task<> {
    sim::network network;
    std::optional<sim::listener> listening(network.listen("server"));
    sim::connection client = co_await network.connect("server");
    listening.reset();
    EXPECT_EQ(co_await fault_of(read_text(client)), ECONNRESET);
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, may_go_before_its_connections) {
  const auto program = []() -> task<> {
    std::optional<sim::network> network(std::in_place);
    pair p = co_await connected(*network);
    network.reset();
    co_await net::write_all(p.client, bytes_of("x"));
    EXPECT_EQ(co_await read_text(p.server), "x");
  };
  sim::run(1, program());
}

// ---- Ends and resets ----

TEST_F(a_simulated_network, ends_a_connection_whose_other_side_went) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    co_await net::write_all(c, bytes_of("last words"));
    co_await destroy(c);
    EXPECT_EQ(co_await read_all(s), "last words");
    co_await net::write_all(s, bytes_of("who is there?"));
    co_await dwell::sleep_for(1s);
    EXPECT_EQ(co_await fault_of(s.write_some(bytes_of("x"))), ECONNRESET) << "nobody was";
  });
}

TEST_F(a_simulated_network, resets_a_connection_that_was_closed_with_bytes_unread) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    co_await net::write_all(c, bytes_of("never read"));
    co_await dwell::sleep_for(1s);
    co_await destroy(s);
    EXPECT_EQ(co_await fault_of(read_text(c)), ECONNRESET);
  });
}

TEST_F(a_simulated_network, ends_and_then_resets_a_connection_that_was_closed_before_bytes_came) {
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        co_await net::write_all(c, bytes_of("on its way"));
        co_await net::write_all(s, bytes_of("bye"));
        co_await destroy(s);
        EXPECT_EQ(co_await read_all(c), "bye") << "a latency";
        co_await dwell::sleep_for(10ms);
        EXPECT_EQ(co_await fault_of(read_text(c)), ECONNRESET) << "a round trip";
      },
      steady);
}

TEST_F(a_simulated_network, ends_an_endless_write_to_who_is_gone) {
  const auto writes_for_ever = [](sim::connection& c) -> task<int> {
    for (;;) co_await net::write_all(c, bytes_of(std::string(1000, 'x')));
    co_return 0;
  };
  over_seeds([&](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    co_await destroy(s);
    EXPECT_EQ(co_await fault_of(writes_for_ever(c)), ECONNRESET);
  });
}

TEST_F(a_simulated_network, tells_of_an_abort_a_latency_later) {
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        const auto start = sim::now();
        c.abort();
        EXPECT_EQ(co_await fault_of(read_text(c)), ECONNABORTED);
        EXPECT_EQ(co_await fault_of(c.write_some(bytes_of("x"))), ECONNABORTED);
        co_await net::write_all(s, bytes_of("not told yet"));
        EXPECT_EQ(co_await fault_of(read_text(s)), ECONNRESET);
        EXPECT_EQ(co_await fault_of(s.write_some(bytes_of("x"))), ECONNRESET);
        EXPECT_EQ(sim::now() - start, 10ms);
      },
      steady);
}

TEST_F(a_simulated_network, may_lose_in_a_reset_what_was_on_its_way) {
  std::set<std::string> seen;
  over_seeds([&](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    co_await net::write_all(c, bytes_of("on its way"));
    c.abort();
    std::string got;
    const auto read_until_it_fails = [&]() -> task<std::string> {
      for (;;) got += co_await read_text(s);
      co_return "";
    };
    EXPECT_EQ(co_await fault_of(read_until_it_fails()), ECONNRESET);
    seen.insert(got);
  });
  EXPECT_EQ(seen, (std::set<std::string>{"", "on its way"}));
}

TEST_F(a_simulated_network, resets_by_chance) {
  sim::network_options o;
  o.reset = 1;
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        co_await net::write_all(c, bytes_of("x"));
        co_await dwell::sleep_for(1s);
        EXPECT_EQ(co_await fault_of(read_text(s)), ECONNRESET);
        EXPECT_EQ(co_await fault_of(read_text(c)), ECONNRESET);
      },
      o);
}

TEST_F(a_simulated_network, wakes_who_waits_when_a_reset_comes) {
  sim::network_options o;
  o.window = 1;
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        co_await net::write_all(s, bytes_of("x"));
        const auto breaks_off = [](sim::connection& who) -> task<> {
          co_await dwell::sleep_for(1s);
          who.abort();
        };
        auto all = dwell::gather(fault_of(read_text(s)), fault_of(s.write_some(bytes_of("y"))),
                                 breaks_off(c));
        const auto faults = co_await std::move(all);
        EXPECT_EQ(std::get<0>(faults), ECONNRESET);
        EXPECT_EQ(std::get<1>(faults), ECONNRESET);
      },
      o);
}

// ---- Cuts and partitions ----

TEST_F(a_simulated_network, lets_nothing_through_a_cut_and_tells_nobody) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
    co_await net::write_all(c, bytes_of("arrived"));
    co_await dwell::sleep_for(1s);
    co_await net::write_all(c, bytes_of("on its way"));
    c.cut();
    co_await net::write_all(s, bytes_of("into the void"));
    co_await end(c);
    EXPECT_EQ(co_await read_text(s), "arrived");
    EXPECT_EQ(co_await dwell::move_on_after(24h, read_text(s)), std::nullopt);
    EXPECT_EQ(co_await dwell::move_on_after(24h, read_text(c)), std::nullopt);
  });
}

TEST_F(a_simulated_network, cuts_by_chance) {
  sim::network_options o;
  o.cut = 1;
  over_seeds(
      [](sim::connection& c, sim::connection& s, sim::network&) -> task<> {
        co_await net::write_all(c, bytes_of("x"));
        EXPECT_EQ(co_await dwell::move_on_after(24h, read_text(s)), std::nullopt);
      },
      o);
}

TEST_F(a_simulated_network, has_a_wait_for_what_was_cut_as_a_deadlock) {
  const auto program = [](sim::connection& c, sim::connection&, sim::network&) -> task<> {
    c.cut();
    co_await read_text(c);
  };
  EXPECT_THROW(sim::run(1, with_pair(program, {}), quiet), dwell::deadlock_error);
}

TEST_F(a_simulated_network, delivers_after_a_partition_what_was_sent_in_it_and_before) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network& network) -> task<> {
    co_await net::write_all(c, bytes_of("before, "));
    network.partition("server", "client");
    co_await net::write_all(c, bytes_of("during, "));
    EXPECT_EQ(co_await dwell::move_on_after(1h, read_text(s)), std::nullopt);
    network.heal("client", "server");
    co_await net::write_all(c, bytes_of("after"));
    co_await end(c);
    EXPECT_EQ(co_await read_all(s), "before, during, after");
  });
}

TEST_F(a_simulated_network, wakes_who_waits_when_a_partition_is_healed) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network& network) -> task<> {
    network.partition("client", "server");
    const auto sends_and_heals = [&]() -> task<> {
      co_await net::write_all(c, bytes_of("x"));
      co_await dwell::sleep_for(1h);
      network.heal("client", "server");
    };
    auto all = dwell::gather(read_text(s), sends_and_heals());
    const auto results = co_await std::move(all);
    EXPECT_EQ(std::get<0>(results), "x");
  });
}

TEST_F(a_simulated_network, delays_a_reset_by_a_partition) {
  over_seeds([](sim::connection& c, sim::connection& s, sim::network& network) -> task<> {
    network.partition("client", "server");
    c.abort();
    EXPECT_EQ(co_await dwell::move_on_after(1h, read_text(s)), std::nullopt);
    network.heal("client", "server");
    EXPECT_EQ(co_await fault_of(read_text(s)), ECONNRESET);
  });
}

TEST_F(a_simulated_network, parts_nobody_else) {
  const auto program = []() -> task<> {
    sim::network network;
    network.partition("client", "elsewhere");
    pair p = co_await connected(network);
    co_await net::write_all(p.client, bytes_of("x"));
    EXPECT_EQ(co_await read_text(p.server), "x");
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, connects_when_a_partition_is_over) {
  const auto program = []() -> task<> {
    sim::network network(steady);
    network.partition("client", "server");
    const auto heals = [](sim::network& n) -> task<> {
      co_await dwell::sleep_for(1h);
      n.heal("client", "server");
    };
    const auto start = sim::now();
    auto both = dwell::gather(connected(network), heals(network));
    const auto results = co_await std::move(both);
    EXPECT_EQ(sim::now() - start, 1h + 20ms);
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, connects_anew_when_a_partition_met_it_on_its_way) {
  const auto program = []() -> task<> {
    sim::network network(steady);
    const auto parts_and_heals = [](sim::network& n) -> task<> {
      co_await dwell::sleep_for(5ms);
      n.partition("client", "server");
      n.heal("client", "server");
    };
    const auto start = sim::now();
    auto both = dwell::gather(connected(network), parts_and_heals(network));
    const auto results = co_await std::move(both);
    EXPECT_EQ(sim::now() - start, 30ms);
  };
  sim::run(1, program());
}

TEST_F(a_simulated_network, gives_up_a_cancelled_connect_and_tells_the_listener) {
  const auto program = []() -> task<> {
    sim::network network(steady);
    sim::listener listening = network.listen("server");
    EXPECT_FALSE((co_await dwell::move_on_after(15ms, network.connect("server"))).has_value())
        << "half way";
    sim::connection accepted = co_await listening.accept();
    EXPECT_EQ(co_await read_text(accepted), "") << "it ends";
  };
  sim::run(1, program());
}

// ---- Misuse ----

TEST_F(a_simulated_network_death, outside_a_simulation_stops_the_program) {
  EXPECT_DEATH(sim::network(), "sim::network: made outside a simulation");
}

TEST_F(a_simulated_network_death, of_options_that_make_no_sense_stops_the_program) {
  const auto make = [](sim::network_options o) {
    sim::run(1, [](sim::network_options bad) -> task<> {
      const sim::network network(bad);
      co_return;
    }(o));
  };
  EXPECT_DEATH(make({.reset = 1.5}), "a chance is a number from 0 to 1");
  EXPECT_DEATH(make({.shortest_latency = 2ms, .longest_latency = 1ms}), "longest_latency is less");
  EXPECT_DEATH(make({.window = 0}), "a window of 0 bytes lets nothing through");
}

TEST_F(a_simulated_network_death, with_two_readers_of_a_connection_stops_the_program) {
  const auto two_read = [](sim::connection& c, sim::connection&, sim::network&) -> task<> {
    co_await dwell::gather(read_text(c), read_text(c));
  };
  EXPECT_DEATH(sim::run(1, with_pair(two_read, {})), "read_some: another task does so");
}

}  // namespace
