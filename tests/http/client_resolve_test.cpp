// Names that the client asks for: who waits for one that never resolves waits alone.
#include <atomic>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "http/fetching.hpp"
#include "net/resolving.hpp"
#include "support/cancel_when.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

class a_client_that_resolves : public fetching {
 protected:
  static constexpr int silent_names = 20;

  a_client_that_resolves() {
    server.set("here.test", {.a = {"127.0.0.1"}, .ttl = 0});
    for (int i = 0; i < silent_names; ++i)
      server.set(numbered("silent", i), {.how = manner::silent});
  }

  [[nodiscard]] http::client_options options() const {
    http::client_options o;
    o.resolver = asking(server);
    return o;
  }

  // Asks for names until it is cancelled, each of a host of its own.
  static task<> get_all_silent(http::client& client) {
    std::vector<task<std::string>> all;
    for (int i = 0; i < silent_names; ++i)
      all.push_back(fetch_text(client, "http://" + numbered("silent", i) + "/"));
    auto together = dwell::gather(std::move(all));
    (void)co_await std::move(together);
  }
  [[nodiscard]] bool all_were_asked_for() {
    for (int i = 0; i < silent_names; ++i)
      if (server.questions(numbered("silent", i)) == 0) return false;
    return true;
  }

  dns_server server;
};
INSTANTIATE_TEST_SUITE_P(reactors, a_client_that_resolves, each_reactor(), reactor_name);

TEST_P(a_client_that_resolves, asks_the_name_servers_that_it_is_told) {
  const auto main = [this]() -> task<> {
    served web(&echo);
    {
      http::client client(options());
      std::string url = web.url("/named");
      url.replace(url.find("127.0.0.1"), 9, "here.test");
      EXPECT_EQ(co_await fetch_text(client, url), "GET /named ");
    }
    co_await web.stop();
  };
  dwell::run(main(), pool());
  EXPECT_GT(server.questions("here.test"), 0);
}

// Nothing but their own requests waits for them: no worker, no shard, no other name.
TEST_P(a_client_that_resolves, goes_on_with_other_origins_while_names_never_resolve) {
  dwell::runtime rt(pool());
  const auto main = [this](dwell::runtime& on) -> task<> {
    served web(&echo);
    {
      http::client client(options());
      std::atomic<bool> fetched{false};
      auto fetch_others = [&]() -> task<> {
        co_await until([&] { return all_were_asked_for(); });
        std::string named = web.url();
        named.replace(named.find("127.0.0.1"), 9, "here.test");
        for (int i = 0; i < 20; ++i) {
          EXPECT_EQ(co_await fetch_text(client, web.url()), "GET / ");
          EXPECT_EQ(co_await fetch_text(client, named), "GET / ");
        }
        fetched = true;
      };
      auto both = dwell::gather(cancel_when(get_all_silent(client), [&] { return fetched.load(); }),
                                fetch_others());
      co_await std::move(both);
      EXPECT_EQ(on.statistics().blocking_threads, 0U);
    }
    co_await web.stop();
  };
  rt.run(main(rt));
}

}  // namespace
