// The server against clients that we did not write: Python's http.client and curl.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/net/tcp.hpp>

#include "http/handlers.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
namespace http = dwell::http;
namespace net = dwell::net;

using a_foreign_client = dwell_test::on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, a_foreign_client, dwell_test::each_worker_count());

// What a command prints, and a line about how it ended unless that was well.
std::string output_of(const std::string& command) {
  std::FILE* const from = ::popen(command.c_str(), "r");
  if (from == nullptr) throw std::runtime_error("cannot run " + command);
  std::string text;
  std::array<char, 4096> part{};
  while (const std::size_t got = std::fread(part.data(), 1, part.size(), from))
    text.append(part.data(), got);
  const int status = ::pclose(from);
  return status == 0 ? text : text + "\nended with " + std::to_string(status);
}

task<http::response> answer_peers(http::request& asked) {
  if (asked.path() == "/error") throw http::status_error(404, "no such thing");
  if (asked.path() == "/failure") throw std::runtime_error("a secret");
  if (asked.path() == "/stream") {
    const auto produce = [](http::body_writer& out) -> task<> {
      for (int i = 0; i < 100; ++i) {
        std::string text;
        const std::string data = std::to_string(i);
        http::sse::write_event(text, {.data = data});
        co_await out.write(text);
      }
    };
    co_return http::response::streamed(produce, "text/event-stream");
  }
  co_return co_await dwell_test::echo(asked);
}

// Runs a command with the port of a server behind it.
task<std::string> run_with_server(std::string command, std::string behind = "") {
  net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
  http::server server(&answer_peers);
  auto running = dwell::spawn(server.run(listener));
  command += std::to_string(listener.local().port()) + behind;
  std::string text = co_await dwell::blocking(&output_of, std::move(command));
  server.stop();
  co_await running;
  co_return text;
}

TEST_P(a_foreign_client, of_python_has_its_answers) {
  const std::string script = std::string(DWELL_TEST_SOURCE_DIR) + "/http/peers.py";
  const std::string command = std::string(DWELL_TEST_PYTHON) + " " + script + " ";
  run([](std::string c) -> task<> { EXPECT_EQ(co_await run_with_server(c), ""); }(command));
  EXPECT_EQ(dwell_test::unobserved, 1);
}

TEST_P(a_foreign_client, that_is_curl_has_its_answers) {
  if (output_of("command -v curl") == "\nended with 256") {
    std::puts("SKIPPED: curl is not installed: apt-get install curl");
    GTEST_SKIP();
  }
  run([]() -> task<> {
    const std::string curl = "curl -sS --max-time 60 --http1.1 ";
    const std::string by_get = co_await run_with_server(curl + "http://127.0.0.1:", "/a?b");
    EXPECT_EQ(by_get, "GET /a?b ");
    // More than a megabyte makes curl ask first: Expect: 100-continue.
    const std::string by_post = co_await run_with_server(
        "head -c 2000000 /dev/zero | tr '\\0' x | " + curl + "-T - -X POST http://127.0.0.1:",
        "/ | wc -c");
    EXPECT_EQ(std::stoi(by_post), 2'000'000 + 7);
    const std::string expecting =
        co_await run_with_server(curl + "-H 'Expect: 100-continue' -d abc http://127.0.0.1:", "/");
    EXPECT_EQ(expecting, "POST / abc");
    const std::string stream =
        co_await run_with_server(curl + "-N http://127.0.0.1:", "/stream | grep -c ^data:");
    EXPECT_EQ(stream, "100\n");
    const std::string two =
        co_await run_with_server("port=",
                                 "; curl -sS --max-time 60 -w '%{num_connects} ' "
                                 "http://127.0.0.1:$port/1 http://127.0.0.1:$port/2");
    EXPECT_EQ(two, "GET /1 1 GET /2 0 ") << "one connection for both";
  }());
}

}  // namespace
