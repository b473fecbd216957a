// Servers that fail, lie or say nothing.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

#include "net/resolving.hpp"

namespace {

using dwell::net::resolve_failure;
using dwell::net::resolver;
using dwell::net::resolver_options;
using dwell_test::addresses_of;
using dwell_test::asking;
using dwell_test::dns_server;
using dwell_test::error_of;
using dwell_test::manner;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

class a_troubled_resolver : public dwell_test::resolving {
 protected:
  static resolver_options impatient(const dns_server& s) {
    resolver_options options = asking(s);
    options.timeout = 20ms;
    options.tries = 2;
    return options;
  }
};

TEST_F(a_troubled_resolver, says_when_the_server_failed) {
  server.set("broken.test", {.rcode = dwell_test::servfail});
  server.set("refused.test", {.rcode = dwell_test::refused});
  resolver r(asking(server));
  for (const std::string host : {"broken.test", "refused.test"}) {
    const auto error = run(error_of(r, host));
    EXPECT_EQ(error->reason(), resolve_failure::server_failure);
    EXPECT_TRUE(error->temporary());
    EXPECT_THAT(error->what(), HasSubstr(host + ": server failure"));
  }
}

TEST_F(a_troubled_resolver, gives_up_on_a_server_that_never_answers) {
  server.set("silent.test", {.how = manner::silent});
  resolver r(impatient(server));
  const auto error = run(error_of(r, "silent.test"));
  EXPECT_EQ(error->reason(), resolve_failure::timed_out);
  EXPECT_TRUE(error->temporary());
  EXPECT_STREQ(error->what(), "resolve silent.test: timed out after 2 tries, the first of 20 ms");
  while (server.questions("silent.test") < 2) std::this_thread::yield();
}

TEST_F(a_troubled_resolver, asks_the_next_server_when_the_first_is_silent) {
  dns_server mute;
  mute.set("name.test", {.how = manner::silent});
  server.set("name.test", {.a = {"192.0.2.1"}});
  resolver_options options = impatient(mute);
  options.servers.push_back(server.at());
  options.tries = 10;
  resolver r(options);
  EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
}

TEST_F(a_troubled_resolver, asks_the_next_server_when_the_first_fails) {
  dns_server broken;
  broken.set("name.test", {.rcode = dwell_test::servfail});
  server.set("name.test", {.a = {"192.0.2.1"}});
  resolver_options options = asking(broken);
  options.servers.push_back(server.at());
  resolver r(options);
  EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
}

TEST_F(a_troubled_resolver, believes_nobody_who_does_not_know_the_question) {
  resolver r(asking(server));
  for (const manner how :
       {manner::garbage_first, manner::wrong_id_first, manner::other_question_first}) {
    server.set("name.test", {.a = {"192.0.2.1"}, .ttl = 0, .how = how});
    EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
  }
}

TEST_F(a_troubled_resolver, survives_an_empty_datagram) {
  server.set("name.test", {.a = {"192.0.2.1"}, .how = manner::empty_first});
  resolver r(asking(server));
  EXPECT_THAT(run(addresses_of(r, "name.test")), ElementsAre("192.0.2.1:80"));
}

TEST_F(a_troubled_resolver, does_not_take_half_an_answer) {
  server.set("name.test", {.a = {"192.0.2.1"}, .aaaa = {"2001:db8::1"}, .how = manner::cut});
  resolver r(asking(server));
  const auto error = run(error_of(r, "name.test"));
  EXPECT_EQ(error->reason(), resolve_failure::server_failure);
}

TEST_F(a_troubled_resolver, fails_when_nobody_listens) {
  resolver_options options;
  {
    const dns_server gone;
    options = impatient(gone);
  }
  resolver r(options);
  EXPECT_TRUE(run(error_of(r, "name.test"))->temporary());
}

}  // namespace
