// The Date of answers.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/date.hpp>
#include <dwell/http/server.hpp>
#include <dwell/sim/run.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;
using std::chrono::sys_seconds;

std::string date_of(sys_seconds at) {
  std::string text;
  http::append_date(text, at);
  return text;
}

TEST(a_date, is_written_as_http_has_it) {
  EXPECT_EQ(date_of(sys_seconds(0s)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_of(sys_seconds(784'111'777s)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date_of(sys_seconds(951'868'799s)), "Tue, 29 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(date_of(sys_seconds(253'402'300'799s)), "Fri, 31 Dec 9999 23:59:59 GMT");
}

using a_date_of_an_answer = no_frames_left;

TEST_F(a_date_of_an_answer, is_the_time) {
  dwell::run([]() -> task<> {
    http::server server(&echo);
    const auto before = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::vector<answer> all = co_await ask(server, last_get("/"));
    const auto after = std::chrono::system_clock::now();
    const std::string got = all.at(0).header("date");
    bool found = false;
    for (auto at = before; at <= after && !found; at += 1s) found = got == date_of(at);
    EXPECT_TRUE(found) << got;
  }());
}

TEST_F(a_date_of_an_answer, is_virtual_in_a_simulation) {
  dwell::sim::run(1, []() -> task<> {
    http::server server(&echo);
    talk t(server);
    co_await t.send(get("/"));
    const std::vector<answer> one = co_await t.answers(1);
    EXPECT_EQ(one.at(0).header("date"), "Thu, 01 Jan 1970 01:00:00 GMT");
    co_await dwell::sleep_for(30s);
    co_await t.send("nonsense\r\n");
    const std::vector<answer> two = co_await t.answers(2);
    EXPECT_EQ(two.at(1).header("date"), "Thu, 01 Jan 1970 01:00:30 GMT");
    co_await t.hang_up();
  }());
}

TEST_F(a_date_of_an_answer, is_the_one_that_the_handler_gives) {
  dwell::run([]() -> task<> {
    http::server server([](http::request&) -> task<http::response> {
      http::response old(200);
      old.headers.set("date", "Sun, 06 Nov 1994 08:49:37 GMT");
      co_return old;
    });
    const std::vector<answer> all = co_await ask(server, last_get("/"));
    EXPECT_EQ(all.at(0).header("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
  }());
}

}  // namespace
