// Who asks at the same time, or soon after, shares; and not more than so many ask at once.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

#include "net/resolving.hpp"
#include "support/cancel_when.hpp"

namespace {

using dwell::task;
using dwell::net::resolver;
using dwell::net::resolver_options;
using dwell_test::addresses_of;
using dwell_test::asking;
using dwell_test::dns_server;
using dwell_test::error_of;
using dwell_test::manner;
using dwell_test::numbered;
using testing::ElementsAre;
using namespace std::chrono_literals;

class a_shared_resolver : public dwell_test::resolving {};

task<> resolve_times(resolver& r, std::string host, int times) {
  std::vector<task<std::vector<std::string>>> all;
  for (int i = 0; i < times; ++i) all.push_back(addresses_of(r, host));
  const auto found = co_await dwell::gather(std::move(all));
  for (const auto& addresses : found) EXPECT_THAT(addresses, ElementsAre("192.0.2.1:80"));
}

TEST_F(a_shared_resolver, asks_once_for_a_hundred_callers) {
  server.set("name.test", {.a = {"192.0.2.1"}, .ttl = 0, .how = manner::held});
  resolver r(asking(server));
  const auto release = [](resolver& from, dns_server& by) -> task<> {
    co_await dwell_test::until([&] { return from.statistics().shared == 99; });
    by.release();
  };
  run([](task<> a, task<> b) -> task<> {
    auto both = dwell::gather(std::move(a), std::move(b));
    co_await std::move(both);
  }(resolve_times(r, "name.test", 100), release(r, server)));
  EXPECT_EQ(r.statistics().lookups, 1U);
  EXPECT_EQ(server.questions("name.test"), 1);
}

TEST_F(a_shared_resolver, keeps_an_answer) {
  server.set("name.test", {.a = {"192.0.2.1"}});
  resolver r(asking(server));
  for (int i = 0; i < 10; ++i) run(resolve_times(r, "name.test", 1));
  EXPECT_EQ(server.questions("name.test"), 1);
  EXPECT_EQ(r.statistics().hits, 9U);
}

TEST_F(a_shared_resolver, gives_kept_addresses_the_port_of_each_caller) {
  server.set("name.test", {.a = {"192.0.2.1"}});
  resolver r(asking(server));
  EXPECT_EQ(run(r.resolve("name.test", 1)).at(0).port(), 1);
  EXPECT_EQ(run(r.resolve("name.test", 2)).at(0).port(), 2);
}

TEST_F(a_shared_resolver, keeps_no_answer_that_is_to_be_asked_for_each_time) {
  server.set("name.test", {.a = {"192.0.2.1"}, .ttl = 0});
  resolver r(asking(server));
  for (int i = 0; i < 3; ++i) run(resolve_times(r, "name.test", 1));
  EXPECT_EQ(server.questions("name.test"), 3);
}

TEST_F(a_shared_resolver, takes_the_shortest_time_to_live_of_an_alias_and_its_addresses) {
  server.set("one.test", {.a = {"192.0.2.1"}, .cname = "real.test", .ttl = 0});
  server.set("other.test", {.a = {"192.0.2.1"}, .cname = "real.test", .cname_ttl = 0});
  server.set("kept.test", {.a = {"192.0.2.1"}, .cname = "real.test"});
  resolver r(asking(server));
  for (const std::string host : {"one.test", "other.test", "kept.test"})
    for (int i = 0; i < 2; ++i) run(resolve_times(r, host, 1));
  EXPECT_EQ(server.questions("one.test"), 2);
  EXPECT_EQ(server.questions("other.test"), 2);
  EXPECT_EQ(server.questions("kept.test"), 1);
}

TEST_F(a_shared_resolver, keeps_answers_within_the_bounds_of_its_options) {
  server.set("short.test", {.a = {"192.0.2.1"}, .ttl = 0});
  server.set("long.test", {.a = {"192.0.2.1"}, .ttl = 3600});
  resolver_options at_least = asking(server);
  at_least.ttl_floor = 1h;
  at_least.ttl_ceiling = 1h;
  resolver_options never = asking(server);
  never.ttl_ceiling = 0s;
  resolver keeps(at_least);
  resolver forgets(never);
  for (int i = 0; i < 2; ++i) {
    run(resolve_times(keeps, "short.test", 1));
    run(resolve_times(forgets, "long.test", 1));
  }
  EXPECT_EQ(server.questions("short.test"), 1);
  EXPECT_EQ(server.questions("long.test"), 2);
}

TEST_F(a_shared_resolver, keeps_that_there_is_no_such_host) {
  resolver r(asking(server));
  for (int i = 0; i < 3; ++i) run(error_of(r, "nobody.test"));
  EXPECT_EQ(server.questions("nobody.test"), 1);
}

TEST_F(a_shared_resolver, forgets_at_once_that_there_is_no_such_host_if_told_to) {
  resolver_options options = asking(server);
  options.negative_ttl = 0s;
  resolver r(options);
  run(error_of(r, "late.test"));
  server.set("late.test", {.a = {"192.0.2.1"}});
  run(resolve_times(r, "late.test", 1));
}

TEST_F(a_shared_resolver, keeps_no_temporary_failure) {
  server.set("name.test", {.rcode = dwell_test::servfail});
  resolver r(asking(server));
  run(error_of(r, "name.test"));
  server.set("name.test", {.a = {"192.0.2.1"}});
  run(resolve_times(r, "name.test", 1));
}

TEST_F(a_shared_resolver, keeps_no_more_answers_than_it_may) {
  resolver_options options = asking(server);
  options.cache_entries = 2;
  resolver r(options);
  for (const std::string name : {"a.test", "b.test", "c.test"}) {
    server.set(name, {.a = {"192.0.2.1"}});
    run(resolve_times(r, name, 1));
  }
  EXPECT_EQ(r.statistics().cached, 2U);
  run(resolve_times(r, "a.test", 1));
  EXPECT_EQ(server.questions("a.test"), 2);
}

TEST_F(a_shared_resolver, asks_for_no_more_names_at_once_than_it_may) {
  resolver_options options = asking(server);
  options.queries = 3;
  resolver r(options);
  std::vector<task<>> all;
  for (int i = 0; i < 10; ++i) {
    const std::string name = numbered("n", i);
    server.set(name, {.a = {"192.0.2.1"}, .how = manner::held});
    all.push_back(resolve_times(r, name, 1));
  }
  all.push_back([](resolver& from, dns_server& by) -> task<> {
    co_await dwell_test::until([&] { return from.statistics().lookups == 10; });
    co_await dwell_test::until([&] { return from.statistics().in_flight == 3; });
    for (int i = 0; i < 100; ++i) {  // time enough for one too many
      EXPECT_EQ(from.statistics().in_flight, 3U);
      EXPECT_EQ(from.statistics().waiting, 7U);
      co_await dwell::sleep_for(100us);
    }
    by.release();
  }(r, server));
  run([](std::vector<task<>> tasks) -> task<> {
    co_await dwell::gather(std::move(tasks));
  }(std::move(all)));
  EXPECT_EQ(r.statistics().in_flight, 0U);
}

TEST_F(a_shared_resolver, goes_through_a_new_channel_when_its_configuration_is_old) {
  resolver_options options = asking(server);
  options.reread = 0ms;
  resolver r(options);
  server.set("old.test", {.a = {"192.0.2.1"}, .how = manner::held});
  server.set("new.test", {.a = {"192.0.2.1"}});
  run([](resolver& from, dns_server& by, task<> old) -> task<> {
    auto both =
        dwell::gather(std::move(old), [](resolver& also_from, dns_server& also_by) -> task<> {
          co_await dwell_test::until([&] { return also_by.questions("old.test") == 1; });
          co_await resolve_times(also_from, "new.test", 1);
          EXPECT_EQ(also_from.statistics().in_flight, 1U);
          EXPECT_EQ(also_by.askers(), 2U);
          also_by.release();
        }(from, by));
    co_await std::move(both);
  }(r, server, resolve_times(r, "old.test", 1)));
}

}  // namespace
