// Our HTTP server under the attacks of `slowhttptest`, which holds connections by doing little.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/http/server.hpp>

#include "foreign/against.hpp"
#include "foreign/run_program.hpp"
#include "http/fetching.hpp"
#include "http/handlers.hpp"

namespace {

using namespace std::chrono_literals;
using namespace dwell_test;
using dwell::task;

constexpr std::uint64_t slow_ones = 40;

// It says something each second, so that only the whole of what it sends is too slow.
http::server_options times() {
  http::server_options options = served::hasty();
  options.header_time = 2s;
  options.body_time = 2s;
  options.least_rate = 10'000;
  return options;
}

class slowhttptest : public against {
 protected:
  slowhttptest() : against("slowhttptest") {}

  // Attacks until all its connections are closed.
  static task<outcome> attack(std::string how, std::string url) {
    std::vector<std::string> words = {"slowhttptest", std::move(how), "-u", std::move(url)};
    const std::string count = std::to_string(slow_ones);
    for (const std::string& word : {std::string("-c"), count, std::string("-r"), count})
      words.push_back(word);
    for (const char* const word : {"-i", "1", "-l", "60"}) words.emplace_back(word);
    co_return co_await run_program(std::move(words));
  }

  static void expect_that_it_fails(std::string how) {
    dwell::run([&]() -> task<> {
      std::atomic<std::uint64_t> slow_bodies = 0;
      const auto answer = [&](http::request& asked) -> task<http::response> {
        try {
          co_return co_await echo(asked);
        } catch (const http::status_error& too_slow) {
          if (too_slow.status() == 408) ++slow_bodies;
          throw;
        }
      };
      served server(answer, times());
      std::atomic<bool> ended = false;
      const auto ask = [&]() -> task<> {
        http::client client;
        do {
          EXPECT_EQ(co_await fetch_text(client, server.url("/quick")), "GET /quick ");
          co_await dwell::sleep_for(10ms);
        } while (!ended);
      };
      auto asking = dwell::spawn(ask());
      const outcome outcome = co_await attack(how, server.url());
      ended = true;
      co_await asking;
      EXPECT_THAT(outcome.said, testing::HasSubstr("No open connections left"));
      EXPECT_EQ(server.statistics().refused + slow_bodies, slow_ones);
      co_await server.stop();
    }());
  }
};

TEST_F(slowhttptest, holds_no_connection_by_a_head_that_trickles) { expect_that_it_fails("-H"); }

TEST_F(slowhttptest, holds_no_connection_by_a_body_that_trickles) { expect_that_it_fails("-B"); }

}  // namespace
