// Our HTTP server under the load of `wrk`: 64 connections for a second, each with a request, or
// several, always under way. How many come to be answered in that time is no matter of this test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>

#include "foreign/against.hpp"
#include "foreign/run_program.hpp"
#include "http/fetching.hpp"
#include "http/handlers.hpp"
#include "net/tls_parties.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

// What is asked, and answered, in Lua.
struct load {
  const char* name;
  const char* asked;
  const char* answered;
  bool in_tls = false;
};
constexpr load loads[] = {
    {"plain", "", "'GET / '"},
    {"in_tls", "", "'GET / '", true},
    {"with_bodies", "wrk.method = 'POST'; wrk.body = string.rep('x', 20000)",
     "'POST / ' .. wrk.body"},
    {"streamed", "wrk.path = '/stream'", "string.rep('piece', 100)"},
    {"without_waiting", "function request() return string.rep(wrk.format(), 8) end", "'GET / '"},
    {"on_a_new_connection_each", "wrk.headers['Connection'] = 'close'", "'GET / '"}};

// Each of its threads runs this. The connections are bounded because each takes a port for a while.
std::string script(const load& of) {
  return of.asked + std::string("\nlocal expected = ") + of.answered + R"(
    local answers = 0
    function response(status, headers, body)
      if status ~= 200 or body ~= expected then
        io.stderr:write('answered: ', status, ' ', body, '\n')
        os.exit(3)
      end
      answers = answers + 1
      if headers['Connection'] == 'close' and answers == 2000 then wrk.thread:stop() end
    end
  )";
}

task<http::response> answer(http::request& asked) {
  if (asked.path() != "/stream") co_return co_await echo(asked);
  const auto produce = [](http::body_writer& out) -> task<> {
    for (int i = 0; i < 100; ++i) co_await out.write("piece");
  };
  co_return http::response::streamed(produce, "text/plain");
}

class wrk : public against, public testing::WithParamInterface<load> {
 protected:
  wrk() : against("wrk") {}

  [[nodiscard]] task<outcome> ask(std::string url) const {
    std::vector<std::string> words = {"wrk", "--threads", "2", "--connections", "64"};
    for (const char* const word : {"--duration", "1s", "--timeout", "90s", "--script"})
      words.emplace_back(word);
    words.push_back(folder_.file("script.lua", script(GetParam())));
    words.push_back(std::move(url));
    co_return co_await run_program(std::move(words));
  }

 private:
  const scratch_folder folder_;
};
INSTANTIATE_TEST_SUITE_P(loads, wrk, testing::ValuesIn(loads),
                         [](const auto& of) { return std::string(of.param.name); });

// "  4710 requests in 1.10s, 600.00KB read"
std::uint64_t requests_in(const std::string& said) {
  const std::size_t end = said.find(" requests in ");
  if (end == std::string::npos) return 0;
  return std::stoull(said.substr(said.rfind(' ', end - 1)));
}

TEST_P(wrk, has_every_request_answered_on_64_connections) {
  run_on(2, [&]() -> task<> {
    served server = GetParam().in_tls ? served(&answer, server_context()) : served(&answer);
    const outcome ended = co_await ask(server.url());
    co_await nobody_connected(server);
    const http::server_statistics counted = server.statistics();
    co_await server.stop();
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.said, testing::Not(testing::HasSubstr("Socket errors"))) << ended.said;
    EXPECT_THAT(ended.said, testing::Not(testing::HasSubstr("Non-2xx"))) << ended.said;
    EXPECT_GT(requests_in(ended.said), 0U) << ended.said;
    EXPECT_GE(counted.requests, requests_in(ended.said));
    EXPECT_GE(counted.connections, 64U);
    EXPECT_EQ(counted.refused, 0U);
    EXPECT_EQ(counted.failed, 0U);
  }());
}

}  // namespace
