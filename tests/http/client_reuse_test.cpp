// Descriptors that libcurl opens and closes: the number of a closed one is the next one's, and what
// was asked for, or has happened, to its predecessor is nothing to it.
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "http/fetching.hpp"
#include "support/cancel_when.hpp"
#include "support/open_descriptors.hpp"
#include "support/scale.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;

class a_reused_descriptor : public fetching {};
INSTANTIATE_TEST_SUITE_P(reactors, a_reused_descriptor, each_reactor(), reactor_name);

// A connection of its own for each request, so that there is a new descriptor for each.
http::client_request alone(std::string url) {
  http::client_request asked("GET", std::move(url));
  asked.headers.set("Connection", "close");
  return asked;
}

task<> fetch_alone(http::client& client, const served& server, std::string target) {
  http::client_response answer = co_await client.send(alone(server.url(target)));
  const std::string text = co_await answer.text();
  EXPECT_EQ(text, "GET " + target + ' ');
}

// Every third request is called off: before it connects, in the middle, or too late.
task<> fetch_and_call_off(http::client& client, const served& server, int who, std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) {
    const std::string target = "/" + std::to_string(who) + "/" + std::to_string(i);
    if (i % 3 != 2) {
      co_await fetch_alone(client, server, target);
      continue;
    }
    auto left = i % 40;
    co_await cancel_when(fetch_alone(client, server, target), [&left] { return left-- == 0; });
  }
}

TEST_P(a_reused_descriptor, hears_nothing_of_the_transfer_before_it) {
  const auto before = open_descriptors();
  const auto main = []() -> task<> {
    served server(&echo);
    {
      http::client client;
      std::vector<task<>> all;
      for (int who = 0; who < 8; ++who)
        all.push_back(fetch_and_call_off(client, server, who, scaled(150)));
      auto together = dwell::gather(std::move(all));
      co_await std::move(together);
    }
    co_await server.stop();
  };
  dwell::run(main(), pool());
  EXPECT_EQ(open_descriptors(), before);
}

// ---- Transfers that wait ----

std::uint64_t polls(const dwell::runtime& rt) {
  std::uint64_t sum = 0;
  for (const dwell::worker_statistics& w : rt.statistics().workers) sum += w.polls;
  return sum;
}

// What a sleep costs while nothing else moves is a poll or two, and a turn of a shard now and then.
// A descriptor that stays ready where nobody wants to read costs as many as the time allows, for
// ever; then the test hangs.
task<> until_it_rests(const dwell::runtime& rt) {
  constexpr std::uint64_t ticks = 50;
  std::uint64_t before = 0;
  do {
    before = polls(rt);
    for (std::uint64_t i = 0; i < ticks; ++i) co_await dwell::sleep_for(1ms);
  } while (polls(rt) - before > 10 * ticks);
}

class a_waiting_transfer : public fetching {
 protected:
  using during = task<> (*)(http::client&, const served&, const dwell::runtime&);

  // Of a server whose answers are more than anybody reads, but for /never, which has none.
  static void wait_in(during what) {
    dwell::runtime rt(pool());
    const auto main = [what](const dwell::runtime& on) -> task<> {
      served server([](http::request& asked) -> task<http::response> {
        if (asked.target == "/never") co_await dwell::sleep_for(1h);
        if (asked.target == "/short") co_return http::response(200, "GET /short ");
        co_return http::response(200, std::string(10'000'000, 'x'));
      });
      {
        http::client client;
        co_await what(client, server, on);
      }
      co_await server.stop();
    };
    rt.run(main(rt));
  }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_waiting_transfer, each_reactor(), reactor_name);

TEST_P(a_waiting_transfer, costs_nothing_before_its_answer_comes) {
  wait_in([](http::client& client, const served& server, const dwell::runtime& rt) -> task<> {
    bool rested = false;
    const auto rest = [&]() -> task<> {
      co_await until([&] { return server.statistics().open == 1; });
      co_await until_it_rests(rt);
      rested = true;
    };
    auto both = dwell::race(fetch_text(client, server.url("/never")), rest());
    (void)co_await std::move(both);
    EXPECT_TRUE(rested);
  });
}

TEST_P(a_waiting_transfer, costs_nothing_while_nobody_reads_its_body) {
  wait_in([](http::client& client, const served& server, const dwell::runtime& rt) -> task<> {
    http::client_response answer = co_await client.get(server.url());
    co_await until_it_rests(rt);
    EXPECT_EQ((co_await answer.text()).size(), 10'000'000U);
  });
}

// Theirs is the end of a stream, ready to be read for ever.
TEST_P(a_waiting_transfer, is_not_kept_awake_by_connections_that_their_server_has_ended) {
  wait_in([](http::client& client, const served&, const dwell::runtime& rt) -> task<> {
    {
      served brief([](http::request&) -> task<http::response> { co_return http::response(200); });
      std::vector<task<std::string>> all;
      for (int i = 0; i < 8; ++i) all.push_back(fetch_text(client, brief.url()));
      auto together = dwell::gather(std::move(all));
      (void)co_await std::move(together);
      co_await brief.stop();
    }
    co_await until_it_rests(rt);
  });
}

// Their descriptors are closed, and so are the ones that had their numbers since.
TEST_P(a_waiting_transfer, is_not_kept_awake_by_those_that_were_called_off) {
  wait_in([](http::client& client, const served& server, const dwell::runtime& rt) -> task<> {
    http::client_response unread = co_await client.get(server.url());
    const auto open = [&](std::uint64_t count) {
      return [&server, count] { return server.statistics().open == count; };
    };
    for (int i = 0; i < 20; ++i) {
      co_await cancel_when(fetch_alone(client, server, "/never"), open(2));
      co_await until(open(1));
      co_await fetch_alone(client, server, "/short");
      co_await until(open(1));
    }
    co_await until_it_rests(rt);
    EXPECT_EQ((co_await unread.text()).size(), 10'000'000U);
  });
}

}  // namespace
