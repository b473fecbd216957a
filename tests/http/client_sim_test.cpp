// The client in a simulated world: virtual time, and over a thousand seeds of refusals, resets and
// cuts. Each request has its whole answer or an error that says the truth about how far it came.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/sim/http_transport.hpp>
#include <dwell/sim/run.hpp>

#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace std::chrono_literals;
using dwell::task;
namespace http = dwell::http;
namespace sim = dwell::sim;

class a_simulated_client : public dwell_test::no_frames_left {
 private:
  const dwell_test::watchdog dog_{"a simulated client"};
};

constexpr int requests = 10;
constexpr int per_origin = 3;

std::string answer_to(const std::string& url) { return url + std::string(20'000, 'x') + "body"; }

// What the server saw, and how the requests ended.
struct record {
  std::map<std::string, int> carried_out;  // by URL
  int at_once = 0;
  int most_at_once = 0;
  int whole = 0;
  std::map<http::delivery, int> failed;

  // Of a request at the server.
  struct presence {
    explicit presence(record& r) : in(r) {
      in.most_at_once = std::max(in.most_at_once, ++in.at_once);
    }
    ~presence() { --in.at_once; }
    presence(const presence&) = delete;
    presence& operator=(const presence&) = delete;
    record& in;
  };

  sim::http_transport::handler handler() {
    return [this](sim::http_request asked) -> task<sim::http_answer> {
      ++carried_out[asked.url];
      const presence here(*this);
      co_await dwell::sleep_for(1ms);
      co_return sim::http_answer{.body = answer_to(asked.url)};
    };
  }

  // An error may say that more happened than did, but never that nothing did when something had.
  void note_failed(const std::string& url, http::delivery how_far) {
    ++failed[how_far];
    const bool was_seen = carried_out.contains(url);
    EXPECT_FALSE(how_far == http::delivery::nothing_sent && was_seen) << url;
    EXPECT_FALSE(how_far == http::delivery::partial_answer && !was_seen) << url;
  }
};

task<> ask(http::client& client, record& r, std::string url) {
  try {
    http::client_response answer = co_await client.post(url, "body");
    EXPECT_EQ(co_await answer.text(), answer_to(url));
    ++r.whole;
  } catch (const http::request_error& e) {
    r.note_failed(url, e.how_far());
  }
}

task<> ask_often(record& r, sim::http_weather weather) {
  const auto through = std::make_shared<sim::http_transport>(r.handler(), weather);
  http::client_options options;
  options.per_origin = per_origin;
  options.times.idle = 2s;
  options.times.first_byte = 3s;
  http::client client(through, options);
  std::vector<task<>> all;
  for (int i = 0; i < requests; ++i)
    all.push_back(ask(client, r, "http://server/" + std::to_string(i)));
  co_await dwell::gather(std::move(all));
}

const sim::http_weather bad{.refuse = 0.1, .reset = 0.03, .cut = 0.02};

record in_bad_weather(std::uint64_t seed) {
  record r;
  sim::run(seed, ask_often(r, bad));
  return r;
}

TEST_F(a_simulated_client, tells_the_truth_in_bad_weather) {
  dwell_test::each_seed(1000, [](std::uint64_t seed) {
    const record r = in_bad_weather(seed);
    EXPECT_LE(r.most_at_once, per_origin);
    for (const auto& [url, times] : r.carried_out) EXPECT_EQ(times, 1) << url;
    int ended = r.whole;
    for (const auto& [how_far, count] : r.failed) ended += count;
    EXPECT_EQ(ended, requests);
  });
}

// The trouble that the test above is about does come.
TEST_F(a_simulated_client, meets_every_end_within_some_seeds) {
  std::map<http::delivery, int> failed;
  int whole = 0;
  int most_at_once = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const record r = in_bad_weather(seed);
    for (const auto& [how_far, count] : r.failed) failed[how_far] += count;
    whole += r.whole;
    most_at_once = std::max(most_at_once, r.most_at_once);
  }
  EXPECT_GT(whole, 0);
  EXPECT_EQ(most_at_once, per_origin);
  EXPECT_EQ(failed.size(), 3U);
}

TEST_F(a_simulated_client, waits_in_virtual_time_and_no_longer_than_its_limit) {
  const auto silent = [](sim::http_request) -> task<sim::http_answer> {
    co_await dwell::sleep_for(24h);
    co_return sim::http_answer{};
  };
  const auto ask_in_vain = [&]() -> task<> {
    const auto through = std::make_shared<sim::http_transport>(silent);
    http::client_options options;
    options.times.first_byte = 1h;
    http::client client(through, options);
    const auto before = sim::now();
    std::optional<http::delivery> how_far;
    try {
      (void)co_await client.get("http://server/");
    } catch (const http::request_error& e) {
      how_far = e.how_far();
    }
    EXPECT_EQ(how_far, http::delivery::no_answer);
    EXPECT_GE(sim::now() - before, 1h);
    EXPECT_LT(sim::now() - before, 1h + 1s);
  };
  sim::run(1, ask_in_vain());
}

}  // namespace
