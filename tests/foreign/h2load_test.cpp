// Our HTTP server asked by `h2load` in HTTP/1.1: it counts each request, and how it ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "foreign/against.hpp"
#include "foreign/run_program.hpp"
#include "http/fetching.hpp"
#include "http/handlers.hpp"
#include "net/tls_parties.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

class h2load : public against {
 protected:
  h2load() : against("h2load", "nghttp2-client") {}

  // 4000 requests over 64 connections, on each of them several at a time.
  [[nodiscard]] static task<outcome> ask(std::string url) {
    std::vector<std::string> words = {"h2load", "--h1", "--requests=4000", "--clients=64"};
    words.emplace_back("--max-concurrent-streams=4");
    words.push_back(std::move(url));
    co_return co_await run_program(std::move(words));
  }
  [[nodiscard]] static task<> expect_that_all_succeed(served& server) {
    const outcome ended = co_await ask(server.url());
    co_await nobody_connected(server);
    co_await server.stop();
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.said, testing::HasSubstr("4000 done, 4000 succeeded, 0 failed, 0 errored"));
    EXPECT_THAT(ended.said, testing::HasSubstr("status codes: 4000 2xx"));
    EXPECT_EQ(server.statistics().requests, 4000U);
    EXPECT_EQ(server.statistics().connections, 64U);
    EXPECT_EQ(server.statistics().broken, 0U);
  }
};

TEST_F(h2load, has_all_its_requests_answered) {
  run_on(2, []() -> task<> {
    served server(&echo);
    co_await expect_that_all_succeed(server);
  }());
}

TEST_F(h2load, has_all_its_requests_answered_in_tls) {
  run_on(2, []() -> task<> {
    served server(&echo, server_context());
    co_await expect_that_all_succeed(server);
  }());
}

}  // namespace
