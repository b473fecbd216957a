// Clients and a server over a simulated network, over a thousand seeds of latency, short reads and
// writes, resets and cuts. Each answer is complete and the right one, or the connection has visibly
// broken; and the server is left with no connection that lives.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/sim/network.hpp>
#include <dwell/sim/run.hpp>

#include "http/talking.hpp"
#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
namespace sim = dwell::sim;
using dwell::task;

class http_over_a_simulated_network : public no_frames_left {
 private:
  const watchdog dog_{"HTTP over a simulated network"};
};

constexpr int clients = 4;
constexpr int requests_of_each = 6;

std::string body_of(int i) { return std::string(static_cast<std::size_t>(i * 137), 'b'); }

// Request number i: each kind in turn, the last one closing.
std::string request_of(int i) {
  const std::string target = "/" + std::to_string(i);
  const std::string close = i + 1 == requests_of_each ? "Connection: close\r\n" : "";
  if (i % 3 == 0) return get(target, close);
  if (i % 3 == 1) return post("/stream" + target, body_of(i), close);
  if (close.empty()) return post_chunked(target, body_of(i), "end");
  return post(target, body_of(i) + "end", close);
}
std::string answer_of(int i) {
  const std::string number = std::to_string(i);
  const std::string target = "/" + number;  // of a temporary, g++ 12 warns that it overflows
  if (i % 3 == 0) return target + " ";
  if (i % 3 == 1) return body_of(i);
  return target + " " + body_of(i) + "end";
}

task<http::response> answer_asked(http::request& asked) {
  if (asked.target.starts_with("/stream")) {
    auto produce = [&asked](http::body_writer& out) -> task<> {
      std::byte room[100];
      while (const std::size_t got = co_await asked.body.read_some(room)) {
        co_await out.write(net::const_bytes(room, got));
        co_await dwell::sleep_for(1ms);
      }
    };
    co_return http::response::streamed(std::move(produce), "text/plain");
  }
  const std::string body = co_await asked.body.read_all();
  co_return http::response(200, asked.target + " " + body);
}

struct ends {
  int complete = 0;  // clients that had all their answers
  int broken = 0;    // that saw the connection break
  int gave_up = 0;   // that waited in vain
};

task<> send_all(sim::connection& to) {
  for (int i = 0; i < requests_of_each; ++i) {
    const std::string text = request_of(i);
    co_await net::write_all(to, net::bytes_of(text));
  }
}

// Everything that comes, also when the connection breaks then.
task<> receive_all(sim::connection& from, std::string& received) {
  for (;;) {
    const std::string part = co_await read_text(from, 300);
    if (part.empty()) co_return;
    received += part;
  }
}

// Pipelines all its requests.
task<> talk_to_server(sim::network& network, std::string& received) {
  sim::connection c = co_await network.connect("server");
  auto both = dwell::gather(send_all(c), receive_all(c, received));
  co_await std::move(both);
}

bool check_answers(const std::string& received) {
  const std::vector<answer> all = all_answers(received);
  EXPECT_LE(all.size(), static_cast<std::size_t>(requests_of_each));
  int i = 0;
  for (const answer& a : all) {
    const std::string wanted = answer_of(i++);
    EXPECT_EQ(a.status, 200) << a;
    if (a.complete)
      EXPECT_EQ(a.body, wanted);
    else
      EXPECT_TRUE(wanted.starts_with(a.body)) << a;
  }
  return all.size() == requests_of_each && all.back().complete;
}

// An end of the stream before the last answer is complete is a break that the client sees, too.
task<> one_client(sim::network& network, ends& e) {
  std::string received;
  auto limited = dwell::move_on_after(10min, talk_to_server(network, received));
  bool in_time = true;
  try {
    in_time = co_await std::move(limited);
  } catch (const net::error&) {  // NOLINT: what came tells the rest
  }
  if (check_answers(received))
    ++e.complete;
  else
    ++(in_time ? e.broken : e.gave_up);
}

task<ends> exchange(sim::network_options o) {
  sim::network network(o);
  sim::listener listener = network.listen("server");
  http::server server(&answer_asked);
  auto running = dwell::spawn(server.run(listener));
  ends e;
  std::vector<task<>> all;
  for (int i = 0; i < clients; ++i) all.push_back(one_client(network, e));
  co_await dwell::gather(std::move(all));
  server.stop();
  co_await running;  // within the server's own deadlines, or the run is a deadlock
  EXPECT_EQ(server.statistics().open, 0U);
  EXPECT_EQ(server.statistics().failed, 0U);
  if (o.cut == 0) {  // else a head may stop in the middle, which is refused in vain
    EXPECT_EQ(server.statistics().refused, 0U);
  }
  co_return e;
}

sim::network_options stormy() {
  sim::network_options o;
  o.short_reads = 0.3;
  o.short_writes = 0.3;
  o.window = 500;
  return o;
}

ends over_seeds(const sim::network_options& o) {
  ends sum;
  each_seed(1'000, [&](std::uint64_t seed) {
    const ends e = sim::run(seed, exchange(o), {.jitter = 1ms});
    EXPECT_EQ(e.complete + e.broken + e.gave_up, clients);
    sum.complete += e.complete;
    sum.broken += e.broken;
    sum.gave_up += e.gave_up;
  });
  return sum;
}

TEST_F(http_over_a_simulated_network, is_complete_when_nothing_breaks) {
  const ends sum = over_seeds(stormy());
  EXPECT_EQ(sum.broken, 0);
  EXPECT_EQ(sum.gave_up, 0);
}

TEST_F(http_over_a_simulated_network, is_complete_or_broken_when_connections_are_reset) {
  sim::network_options o = stormy();
  o.reset = 0.003;
  const ends sum = over_seeds(o);
  EXPECT_EQ(sum.gave_up, 0) << "everybody is told of a reset";
  RecordProperty("complete", std::to_string(sum.complete));
  RecordProperty("broken", std::to_string(sum.broken));
}

TEST_F(http_over_a_simulated_network, is_complete_or_ends_in_time_when_connections_are_cut) {
  sim::network_options o = stormy();
  o.cut = 0.003;
  const ends sum = over_seeds(o);
  RecordProperty("complete", std::to_string(sum.complete));
  RecordProperty("gave_up", std::to_string(sum.gave_up));
}

// The trouble that the tests above are about does come.
TEST_F(http_over_a_simulated_network, meets_every_end_within_some_seeds) {
  sim::network_options o = stormy();
  o.cut = 0.002;
  o.reset = 0.002;
  ends sum;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const ends e = sim::run(seed, exchange(o));
    sum.complete += e.complete;
    sum.broken += e.broken;
    sum.gave_up += e.gave_up;
  }
  EXPECT_GT(sum.complete, 0);
  EXPECT_GT(sum.broken, 0);
  EXPECT_GT(sum.gave_up, 0);
}

}  // namespace
