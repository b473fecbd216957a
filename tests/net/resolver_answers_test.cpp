// What a resolver gives, when nothing is in its way.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

#include "net/resolving.hpp"

namespace {

using dwell::task;
using dwell::net::endpoint;
using dwell::net::resolve_failure;
using dwell::net::resolver;
using dwell::net::resolver_options;
using dwell_test::addresses_of;
using dwell_test::asking;
using dwell_test::error_of;
using dwell_test::manner;
using dwell_test::numbered;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class a_resolver : public dwell_test::resolving {};

TEST_F(a_resolver, gives_numeric_addresses_back_without_a_question) {
  resolver r(asking(server));
  run([](resolver& from) -> task<> {
    const auto four = co_await from.resolve("127.0.0.1", 80);
    EXPECT_EQ(four.at(0).to_string(), "127.0.0.1:80");
    const auto six = co_await from.resolve("::1", 443);
    EXPECT_EQ(six.at(0).to_string(), "[::1]:443");
    const auto bracketed = co_await from.resolve("[::1]", 443);
    EXPECT_EQ(bracketed.at(0).to_string(), "[::1]:443");
  }(r));
  EXPECT_EQ(r.statistics().lookups, 0U);
}

TEST_F(a_resolver, gives_the_addresses_of_both_families) {
  server.set("both.test", {.a = {"192.0.2.1", "192.0.2.2"}, .aaaa = {"2001:db8::1"}});
  resolver r(asking(server));
  EXPECT_THAT(run(addresses_of(r, "both.test")),
              UnorderedElementsAre("192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80"));
}

TEST_F(a_resolver, gives_what_there_is_when_one_family_has_no_address) {
  server.set("four.test", {.a = {"192.0.2.1"}});
  server.set("six.test", {.aaaa = {"2001:db8::1"}});
  resolver r(asking(server));
  EXPECT_THAT(run(addresses_of(r, "four.test")), ElementsAre("192.0.2.1:80"));
  EXPECT_THAT(run(addresses_of(r, "six.test")), ElementsAre("[2001:db8::1]:80"));
}

TEST_F(a_resolver, follows_a_cname) {
  server.set("alias.test", {.a = {"192.0.2.7"}, .cname = "real.test"});
  resolver r(asking(server));
  EXPECT_THAT(run(addresses_of(r, "alias.test")), ElementsAre("192.0.2.7:80"));
}

TEST_F(a_resolver, knows_the_names_in_the_hosts_file) {
  resolver r(asking(server));
  const auto found = run(r.resolve("localhost", 80));
  EXPECT_THAT(found, testing::Contains(endpoint::loopback(80)));
  EXPECT_EQ(server.questions("localhost"), 0);
}

TEST_F(a_resolver, takes_names_in_capitals_for_the_same) {
  server.set("name.test", {.a = {"192.0.2.1"}});
  resolver r(asking(server));
  EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
  EXPECT_THAT(run(addresses_of(r, "Name.TEST")), ElementsAre("192.0.2.1:80"));
  EXPECT_EQ(server.questions("name.test"), 1);
}

TEST_F(a_resolver, asks_by_tcp_for_what_is_too_long_for_a_datagram) {
  dwell_test::dns_entry many{.how = manner::over_tcp};
  for (int i = 1; i <= 100; ++i)
    many.a.push_back(std::string("192.0.2.").append(std::to_string(i)));
  server.set("many.test", many);
  resolver r(asking(server));
  EXPECT_EQ(run(addresses_of(r, "many.test")).size(), 100U);
}

std::string address(int i) { return std::string("192.0.2.").append(std::to_string(i % 200)); }

TEST_F(a_resolver, resolves_hundreds_of_names_at_once) {
  resolver r(asking(server));
  const int names = 300;
  for (int i = 0; i < names; ++i) server.set(numbered("n", i), {.a = {address(i)}});
  run([](resolver& from, int count) -> task<> {
    std::vector<task<std::vector<std::string>>> all;
    for (int i = 0; i < count; ++i) all.push_back(addresses_of(from, numbered("n", i)));
    const auto found = co_await dwell::gather(std::move(all));
    for (int i = 0; i < count; ++i) {
      EXPECT_THAT(found.at(static_cast<std::size_t>(i)), ElementsAre(address(i).append(":80")));
    }
  }(r, names));
  EXPECT_EQ(r.statistics().lookups, 300U);
  EXPECT_EQ(r.statistics().in_flight, 0U);
}

TEST_F(a_resolver, serves_several_runtimes_one_after_the_other) {
  server.set("name.test", {.a = {"192.0.2.1"}, .ttl = 0});
  resolver r(asking(server));
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
}

TEST_F(a_resolver, says_that_there_is_no_such_host) {
  resolver r(asking(server));
  const auto error = run(error_of(r, "nobody.test"));
  EXPECT_EQ(error->reason(), resolve_failure::no_such_host);
  EXPECT_FALSE(error->temporary());
  EXPECT_STREQ(error->what(), "resolve nobody.test: no such host");
}

TEST_F(a_resolver, says_that_a_name_has_no_address) {
  server.set("bare.test", {});
  resolver r(asking(server));
  const auto error = run(error_of(r, "bare.test"));
  EXPECT_EQ(error->reason(), resolve_failure::no_such_host);
  EXPECT_STREQ(error->what(), "resolve bare.test: the name has no address");
}

TEST_F(a_resolver, asks_for_nothing_that_can_be_no_name) {
  resolver r(asking(server));
  for (const std::string& no_name :
       {std::string(), std::string("good.test\0.evil.test", 20), std::string("fe80::1%lo"),
        std::string("a b.test"), std::string("a..b"), std::string(300, 'a'),
        std::string("host.test:80"), std::string(64, 'a') + ".test"}) {
    const auto error = run(error_of(r, no_name));
    EXPECT_EQ(error->reason(), resolve_failure::invalid_name) << no_name << ": " << error->what();
  }
  EXPECT_EQ(server.askers(), 0U);
}

TEST(resolver_options, that_make_no_sense_are_refused) {
  const auto refused = [](auto change) {
    resolver_options options;
    change(options);
    EXPECT_THROW(resolver{options}, std::invalid_argument);
  };
  refused([](resolver_options& o) { o.tries = 0; });
  refused([](resolver_options& o) { o.queries = 0; });
  refused([](resolver_options& o) { o.timeout = std::chrono::milliseconds(0); });
  refused([](resolver_options& o) { o.ttl_ceiling = std::chrono::seconds::max(); });
  refused([](resolver_options& o) { o.ttl_floor = std::chrono::seconds(-1); });
  refused([](resolver_options& o) { o.servers = {endpoint::unix_socket("/tmp/dns")}; });
}

}  // namespace
