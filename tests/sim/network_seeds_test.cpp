// A protocol of lines over the simulated network, through everything that net has for streams. Over
// a thousand seeds of latency, short reads and writes, resets, cuts and partitions.
//
//   client ⇄ proxy ⇄ server          client: a writer and a reader, each with its half of a split
//                                    proxy: copy_bidirectional; server: answers each line with it
//
// Whatever happens, what the client receives is what it sent, in order; and the exchange is
// complete or ends with an error that the trouble explains.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/copy.hpp>
#include <dwell/net/split.hpp>
#include <dwell/sim/network.hpp>
#include <dwell/sim/run.hpp>

#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
namespace sim = dwell::sim;
using dwell::task;
using net::bytes_of;
using namespace std::chrono_literals;

class lines_over_a_simulated_network : public dwell_test::no_frames_left {
 private:
  const dwell_test::watchdog dog_{"lines over a simulated network"};
};

// The servers are spawned, and end with the run.
using shared_network = std::shared_ptr<sim::network>;

constexpr int lines = 30;

// Some empty, some longer than a buffer.
std::string line_of(int i) {
  return std::string(static_cast<std::size_t>(i * 37 % 150), '.') + std::to_string(i);
}

// ---- The three hosts ----

task<> answer_lines(sim::connection c) {
  net::buffered_reader reader(c, 64);
  net::buffered_writer writer(c, 50);
  for (;;) {
    const std::optional<std::string> line = co_await reader.read_line(1000);
    if (!line) break;
    const std::string answer = *line + "\r\n";
    co_await net::write_all(writer, bytes_of(answer));
    if (reader.peek().empty()) co_await writer.flush();
  }
  co_await writer.shutdown_write();
}

task<> pass_on(sim::connection near, shared_network network) {
  sim::connection far = co_await network->connect("server", "proxy");
  auto copying = net::copy_bidirectional(near, far);
  bool broken = false;
  try {
    (void)co_await std::move(copying);
  } catch (const net::error&) {
    broken = true;
  }
  if (!broken) co_return;
  near.abort();
  far.abort();
}

// What goes wrong with a connection ends its task only.
task<> survive(task<> serving) {
  try {
    co_await std::move(serving);
  } catch (const net::error&) {
  } catch (const net::unexpected_end&) {
  }
}

task<> serve(sim::listener listening) {
  for (;;) {
    sim::connection c = co_await listening.accept();
    dwell::spawn(survive(answer_lines(std::move(c)))).detach();
  }
}

task<> serve_as_proxy(sim::listener listening, shared_network network) {
  for (;;) {
    sim::connection c = co_await listening.accept();
    dwell::spawn(survive(pass_on(std::move(c), network))).detach();
  }
}

task<> send_lines(net::write_half<sim::connection> to) {
  net::buffered_writer writer(std::move(to), 100);
  for (int i = 0; i < lines; ++i) {
    const std::string line = line_of(i) + '\n';
    co_await net::write_all(writer, bytes_of(line));
    if (i % 7 == 0) co_await writer.flush();
  }
  co_await writer.shutdown_write();
}

task<> receive_lines(net::read_half<sim::connection> from) {
  net::buffered_reader reader(std::move(from), 100);
  for (int i = 0; i < lines; ++i) {
    const std::optional<std::string> line = co_await reader.read_line(1000);
    EXPECT_EQ(line, line_of(i));
    if (line != line_of(i)) co_return;
  }
  EXPECT_EQ(co_await reader.read_line(1000), std::nullopt);
}

task<> exchange(sim::network& network) {
  sim::connection c = co_await network.connect("proxy");
  auto halves = net::split(std::move(c));
  auto both =
      dwell::gather(receive_lines(std::move(halves.first)), send_lines(std::move(halves.second)));
  co_await std::move(both);
}

// ---- The runs ----

enum class ending : std::uint8_t { complete, failed, timed_out };

using trouble = task<>(shared_network);

task<> no_trouble(shared_network) { co_return; }

task<ending> talk(sim::network_options o, trouble* troubles) {
  const auto network = std::make_shared<sim::network>(o);
  dwell::spawn(serve(network->listen("server"))).detach();
  dwell::spawn(serve_as_proxy(network->listen("proxy"), network)).detach();
  dwell::spawn(troubles(network)).detach();
  auto limited = dwell::timeout(10min, exchange(*network));
  try {
    co_await std::move(limited);
  } catch (const net::error&) {
    co_return ending::failed;
  } catch (const dwell::timed_out&) {
    co_return ending::timed_out;
  }
  co_return ending::complete;
}

sim::network_options stormy() {
  sim::network_options o;
  o.short_reads = 0.3;
  o.short_writes = 0.3;
  o.window = 300;
  return o;
}

using tally = std::array<std::int64_t, 3>;

tally count_endings(const sim::network_options& o, trouble* troubles = &no_trouble) {
  tally endings{};
  dwell_test::each_seed(1'000, [&](std::uint64_t seed) {
    const ending how = sim::run(seed, talk(o, troubles), {.jitter = 1ms});
    ++endings[static_cast<std::size_t>(how)];
  });
  return endings;
}

std::int64_t count_of(const tally& t, ending e) { return t[static_cast<std::size_t>(e)]; }

TEST_F(lines_over_a_simulated_network, arrive_complete_and_in_order) {
  const tally t = count_endings(stormy());
  EXPECT_EQ(count_of(t, ending::failed), 0);
  EXPECT_EQ(count_of(t, ending::timed_out), 0);
}

TEST_F(lines_over_a_simulated_network, arrive_or_time_out_when_connections_are_cut) {
  sim::network_options o = stormy();
  o.cut = 0.005;
  const tally t = count_endings(o);
  EXPECT_EQ(count_of(t, ending::failed), 0) << "nobody is told of a cut";
  RecordProperty("complete", std::to_string(count_of(t, ending::complete)));
  RecordProperty("timed_out", std::to_string(count_of(t, ending::timed_out)));
}

TEST_F(lines_over_a_simulated_network, arrive_or_fail_when_connections_are_reset) {
  sim::network_options o = stormy();
  o.reset = 0.005;
  const tally t = count_endings(o);
  EXPECT_EQ(count_of(t, ending::timed_out), 0) << "everybody is told of a reset";
  RecordProperty("complete", std::to_string(count_of(t, ending::complete)));
  RecordProperty("failed", std::to_string(count_of(t, ending::failed)));
}

task<> part_and_heal(shared_network network) {
  const bool near = dwell::random_duration(0ns, 1ms) < 500us;
  const char* const end = near ? "client" : "server";
  for (int i = 0; i < 10; ++i) {
    co_await dwell::sleep_for(dwell::random_duration(0ms, 20ms));
    network->partition(end, "proxy");
    co_await dwell::sleep_for(dwell::random_duration(0s, 10s));
    network->heal(end, "proxy");
  }
}

TEST_F(lines_over_a_simulated_network, arrive_after_partitions_that_are_healed) {
  const tally t = count_endings(stormy(), &part_and_heal);
  EXPECT_EQ(count_of(t, ending::failed), 0);
  EXPECT_EQ(count_of(t, ending::timed_out), 0);
}

TEST_F(lines_over_a_simulated_network, take_the_same_course_with_the_same_seed) {
  sim::network_options o = stormy();
  o.cut = 0.002;
  o.reset = 0.002;
  dwell_test::each_seed(100, [&](std::uint64_t seed) {
    std::string first;
    std::string second;
    const ending one = sim::run(seed, talk(o, &part_and_heal), {.trace = &first, .jitter = 1ms});
    const ending two = sim::run(seed, talk(o, &part_and_heal), {.trace = &second, .jitter = 1ms});
    EXPECT_EQ(one, two);
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, second);
  });
}

// The trouble that the tests above are about does come.
TEST_F(lines_over_a_simulated_network, meet_every_ending_within_some_seeds) {
  sim::network_options o = stormy();
  o.cut = 0.002;
  o.reset = 0.002;
  tally endings{};
  for (std::uint64_t seed = 1; seed <= 60; ++seed)
    ++endings[static_cast<std::size_t>(sim::run(seed, talk(o, &no_trouble)))];
  EXPECT_GT(count_of(endings, ending::complete), 0);
  EXPECT_GT(count_of(endings, ending::failed), 0);
  EXPECT_GT(count_of(endings, ending::timed_out), 0);
}

}  // namespace
