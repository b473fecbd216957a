// Requests that are cancelled: at every moment, and the server sees it.
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "http/fetching.hpp"
#include "support/cancel_when.hpp"
#include "support/for_ever.hpp"
#include "support/open_descriptors.hpp"
#include "support/scale.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

class a_cancelled_request : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_cancelled_request, each_reactor(), reactor_name);

TEST_P(a_cancelled_request, closes_its_connection_so_that_the_handler_is_cancelled) {
  run([]() -> task<> {
    counts c;
    served server([&c](http::request&) -> task<http::response> {
      co_await sleeps_for_ever(c);
      co_return http::response(200);
    });
    {
      http::client client;
      const auto asks = [&]() -> task<> { (void)co_await client.get(server.url()); };
      co_await cancel_when(asks(), [&] { return c.started == 1; });
      while (c.cancelled < 1) co_await dwell::yield_now();
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().open, 0U);
  }());
}

// A request of each kind, cancelled after so many turns of a sibling: before it began, while it
// resolves, connects, sends, waits, reads.
TEST_P(a_cancelled_request, leaves_nothing_behind_whenever_it_is_cancelled) {
  const auto before = open_descriptors();
  run([]() -> task<> {
    served server([](http::request& asked) -> task<http::response> {
      std::string body = co_await asked.body.read_all();
      co_return http::response(200, std::move(body));
    });
    {
      http::client client;
      const auto asks = [&]() -> task<> {
        http::client_response answer =
            co_await client.post(server.url(), std::string(100'000, 'b'));
        EXPECT_EQ((co_await answer.text()).size(), 100'000U);
      };
      for (int turns = 0; turns < scaled(300); ++turns) {
        int left = turns;
        co_await cancel_when(asks(), [&left] { return left-- == 0; });
      }
      // It is as good as new.
      co_await asks();
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().open, 0U);
  }());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(a_cancelled_request, while_it_waits_for_a_place_takes_none) {
  run([]() -> task<> {
    counts c;
    served server([&c](http::request& asked) -> task<http::response> {
      if (asked.path() == "/held") co_await sleeps_for_ever(c);
      co_return http::response(200, "ok");
    });
    {
      http::client_options options;
      options.per_origin = 1;
      http::client client(options);
      auto holds = dwell::spawn(client.get(server.url("/held")));
      while (c.started < 1) co_await dwell::yield_now();
      const auto asks = [&]() -> task<> { (void)co_await client.get(server.url()); };
      for (int turns = 0; turns < 10; ++turns) {
        int left = turns;
        co_await cancel_when(asks(), [&left] { return left-- == 0; });
      }
      (void)holds.cancel();
      co_await holds.wait();
      EXPECT_EQ(co_await fetch_text(client, server.url()), "ok");
    }
    co_await server.stop();
  }());
}

// What was read before the cancel is not lost, and reading goes on after it.
TEST_P(a_cancelled_request, a_read_that_is_cancelled_has_read_nothing) {
  run([]() -> task<> {
    dwell::event go;
    served server([&go](http::request&) -> task<http::response> {
      auto produce = [&go](http::body_writer& out) -> task<> {
        co_await out.write("first");
        co_await go.wait();
        co_await out.write("second");
      };
      co_return http::response::streamed(std::move(produce), "");
    });
    {
      http::client client;
      http::client_response answer = co_await client.get(server.url());
      EXPECT_EQ(co_await answer.next(), "first");
      const auto reads = [&]() -> task<> { (void)co_await answer.next(); };
      int left = 5;
      co_await cancel_when(reads(), [&left] { return left-- == 0; });
      go.set();
      EXPECT_EQ(co_await answer.text(), "second");
    }
    co_await server.stop();
  }());
}

}  // namespace
