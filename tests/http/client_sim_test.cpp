// The client in a simulated world: virtual time, and over a thousand seeds of refusals, resets and
// cuts. Each request has its whole answer or an error that says the truth about how far it came.
#include <chrono>
#include <gtest/gtest.h>
#include <map>
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

// How often each URL was carried out.
using carried_out = std::map<std::string, int>;

sim::http_transport::handler counting(carried_out& seen) {
  return [&seen](sim::http_request asked) -> task<sim::http_answer> {
    ++seen[asked.url];
    sim::http_answer answer;
    answer.body = asked.url + std::string(20'000, 'x') + asked.body;
    co_return answer;
  };
}

// One request; whether it was answered whole.
task<bool> ask(http::client& client, const carried_out& seen, std::string url) {
  std::string what;
  try {
    http::client_response answer = co_await client.post(url, "body");
    const std::string text = co_await answer.text();
    if (text != url + std::string(20'000, 'x') + "body") throw std::logic_error("a wrong answer");
    co_return true;
  } catch (const http::request_error& e) {
    const auto times = seen.find(url);
    const bool was_seen = times != seen.end();
    if (e.how_far() == http::delivery::nothing_sent && was_seen)
      throw std::logic_error("carried out, and called nothing sent");
    if (e.how_far() == http::delivery::partial_answer && !was_seen)
      throw std::logic_error("an answer of nobody");
  }
  co_return false;
}

task<> ask_often(sim::http_weather weather) {
  carried_out seen;
  const auto through = std::make_shared<sim::http_transport>(counting(seen), weather);
  http::client_options options;
  options.per_origin = 3;
  options.times.idle = 2s;
  options.times.first_byte = 3s;
  http::client client(through, options);
  std::vector<task<bool>> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(ask(client, seen, "http://server/" + std::to_string(i)));
  (void)co_await dwell::gather(std::move(all));
  for (const auto& [url, times] : seen)
    if (times != 1) throw std::logic_error(url + " was carried out " + std::to_string(times) + "x");
}

TEST_F(a_simulated_client, tells_the_truth_in_bad_weather) {
  const sim::http_weather bad{.refuse = 0.1, .reset = 0.03, .cut = 0.02};
  dwell_test::each_seed(1000, [&](std::uint64_t seed) { sim::run(seed, ask_often(bad)); });
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
