// Who is cancelled leaves at once and takes nobody along; a resolver may go while it is asked.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

#include "net/resolving.hpp"
#include "support/cancel_when.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::resolve_failure;
using dwell::net::resolver;
using dwell::net::resolver_options;
using dwell_test::addresses_of;
using dwell_test::asking;
using dwell_test::cancel_when;
using dwell_test::dns_server;
using dwell_test::error_of;
using dwell_test::manner;
using dwell_test::numbered;
using dwell_test::until;
using testing::ElementsAre;
using namespace std::chrono_literals;

class a_cancelled_resolve : public dwell_test::resolving {
 protected:
  a_cancelled_resolve() {
    server.set("silent.test", {.how = manner::silent});
    server.set("held.test", {.a = {"192.0.2.1"}, .how = manner::held});
    server.set("name.test", {.a = {"192.0.2.1"}});
  }
};

task<> resolve(resolver& r, std::string host) { (void)co_await r.resolve(std::move(host), 80); }

TEST_F(a_cancelled_resolve, ends_while_the_server_is_silent_and_other_names_go_on) {
  resolver r(asking(server));
  run([](resolver& from, dns_server& by) -> task<> {
    co_await cancel_when(resolve(from, "silent.test"),
                         [&] { return by.questions("silent.test") > 0; });
    EXPECT_EQ(from.statistics().in_flight, 1U) << "it has been asked, and runs out";
    const auto found = co_await addresses_of(from, "name.test");
    EXPECT_THAT(found, ElementsAre("192.0.2.1:80"));
  }(r, server));
}

TEST_F(a_cancelled_resolve, ends_by_a_timeout_of_the_callers) {
  resolver r(asking(server));
  run([](resolver& from) -> task<> {
    auto limited = dwell::timeout(10ms, resolve(from, "silent.test"));
    std::string what;
    try {
      co_await std::move(limited);
    } catch (const dwell::timed_out& e) {
      what = e.what();
    }
    EXPECT_NE(what, "");
  }(r));
}

TEST_F(a_cancelled_resolve, leaves_the_others_waiting_for_the_same_answer) {
  resolver r(asking(server));
  run([](resolver& from, dns_server& by) -> task<> {
    auto cancelled_then_released = [](resolver& also_from, dns_server& also_by) -> task<> {
      co_await until([&] { return also_by.questions("held.test") > 0; });
      co_await cancel_when(resolve(also_from, "held.test"),
                           [&] { return also_from.statistics().shared == 1; });
      also_by.release();
    }(from, by);
    auto both = dwell::gather(addresses_of(from, "held.test"), std::move(cancelled_then_released));
    const auto found = co_await std::move(both);
    EXPECT_THAT(std::get<0>(found), ElementsAre("192.0.2.1:80"));
  }(r, server));
  EXPECT_EQ(server.questions("held.test"), 1);
}

TEST_F(a_cancelled_resolve, whose_question_was_asked_is_joined_by_the_next_caller) {
  resolver r(asking(server));
  run([](resolver& from, dns_server& by) -> task<> {
    co_await cancel_when(resolve(from, "held.test"), [&] { return by.questions("held.test") > 0; });
    auto release = [](resolver& also_from, dns_server& also_by) -> task<> {
      co_await until([&] { return also_from.statistics().shared == 1; });
      also_by.release();
    }(from, by);
    auto both = dwell::gather(resolve(from, "held.test"), std::move(release));
    co_await std::move(both);
  }(r, server));
  EXPECT_EQ(server.questions("held.test"), 1);
}

TEST_F(a_cancelled_resolve, leaves_the_line_and_is_never_asked) {
  resolver_options options = asking(server);
  options.queries = 1;
  resolver r(options);
  run([](resolver& from, dns_server& by) -> task<> {
    auto others = [](resolver& also_from, dns_server& also_by) -> task<> {
      co_await until([&] { return also_by.questions("held.test") > 0; });
      co_await cancel_when(resolve(also_from, "name.test"),
                           [&] { return also_from.statistics().waiting == 1; });
      EXPECT_EQ(also_from.statistics().waiting, 0U);
      also_by.release();
    }(from, by);
    auto both = dwell::gather(resolve(from, "held.test"), std::move(others));
    co_await std::move(both);
  }(r, server));
  EXPECT_EQ(server.questions("name.test"), 0);
}

TEST_F(a_cancelled_resolve, may_come_at_any_moment) {
  server.set("quick.test", {.a = {"192.0.2.1"}, .ttl = 0});
  resolver r(asking(server));
  run([](resolver& from) -> task<> {
    const auto rounds = dwell_test::scaled(2'000);
    for (std::int64_t i = 0; i < rounds; ++i) {
      auto limited = dwell::move_on_after(std::chrono::microseconds(i % 400),
                                          addresses_of(from, "quick.test"));
      const auto found = co_await std::move(limited);
      if (found) {
        EXPECT_THAT(*found, ElementsAre("192.0.2.1:80"));
      }
    }
  }(r));
}

TEST_F(a_cancelled_resolve, is_no_deadlock_while_the_answer_is_on_its_way) {
  resolver r(asking(server));
  const std::jthread later([&] {
    while (server.questions("held.test") == 0) std::this_thread::yield();
    // Long enough for the report to look twice.
    std::this_thread::sleep_for(50ms);
    server.release();
  });
  EXPECT_THAT(run(addresses_of(r, "held.test")), ElementsAre("192.0.2.1:80"));
}

TEST_F(a_cancelled_resolve, is_told_when_the_resolver_goes) {
  resolver_options options = asking(server);
  options.queries = 2;
  for (int i = 0; i < 4; ++i) server.set(numbered("silent", i), {.how = manner::silent});
  auto r = std::make_unique<resolver>(options);
  run([](std::unique_ptr<resolver>& from) -> task<> {
    const auto abandoned = [](resolver& by, std::string host) -> task<> {
      const auto error = co_await error_of(by, std::move(host));
      EXPECT_EQ(error->reason(), resolve_failure::abandoned);
    };
    std::vector<task<>> all;
    for (int i = 0; i < 4; ++i)  // two are asked, two stand in line
      all.push_back(abandoned(*from, numbered("silent", i)));
    all.push_back([](std::unique_ptr<resolver>& gone) -> task<> {
      const auto all_asked = [&] { return gone->statistics().lookups == 4; };
      co_await until(all_asked);
      gone.reset();
    }(from));
    auto together = dwell::gather(std::move(all));
    co_await std::move(together);
  }(r));
}

TEST_F(a_cancelled_resolve, that_begins_when_the_resolver_has_gone_fails) {
  std::optional<resolver> r(asking(server));
  auto direct = r->resolve("name.test", 80);
  r.reset();
  run([](task<std::vector<dwell::net::endpoint>> begun_late) -> task<> {
    std::optional<resolve_failure> reason;
    try {
      (void)co_await std::move(begun_late);
    } catch (const dwell::net::resolve_error& e) {
      reason = e.reason();
    }
    EXPECT_EQ(reason, resolve_failure::abandoned);
  }(std::move(direct)));
}

TEST_F(a_cancelled_resolve, leaves_a_resolver_that_can_be_destroyed_with_its_question_pending) {
  for (int i = 0; i < 20; ++i) {
    resolver r(asking(server));
    run(cancel_when(resolve(r, "silent.test"), [&] { return r.statistics().in_flight > 0; }));
  }
}

}  // namespace
