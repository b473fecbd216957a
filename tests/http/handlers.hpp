// Handlers that several tests use, and the suite that runs them.
#pragma once

#include <atomic>
#include <exception>
#include <source_location>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>

#include "support/for_ever.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace dwell_test {

/// Says what it was asked, with the body.
inline dwell::task<dwell::http::response> echo(dwell::http::request& asked) {
  const std::string body = co_await asked.body.read_all();
  std::string text = asked.method + ' ' + asked.target + ' ' + body;
  co_return dwell::http::response(200, std::move(text));
}

/// Answers with a stream.
template <class Produce>
dwell::http::handler streaming(Produce produce) {
  return [produce](dwell::http::request&) -> dwell::task<dwell::http::response> {
    co_return dwell::http::response::streamed(produce, "text/plain");
  };
}

/// Reads the body of /body, and answers nobody.
inline dwell::http::handler waits_for_ever(counts& c) {
  return [&c](dwell::http::request& asked) -> dwell::task<dwell::http::response> {
    if (asked.path() == "/body") (void)co_await asked.body.read_all();
    co_await sleeps_for_ever(c);
    co_return dwell::http::response(200);
  };
}

/// So that an answer is the same to the byte whenever it is made.
inline dwell::http::server_options without_date() {
  dwell::http::server_options options;
  options.tell_date = false;
  return options;
}

/// The errors that nobody observed, which are those of handlers.
inline std::atomic<int> unobserved{0};
inline void count_unobserved(std::exception_ptr, const std::source_location&) noexcept {
  ++unobserved;
}

class on_http_workers : public on_workers {
 protected:
  on_http_workers() : before_(dwell::set_unobserved_error_hook(&count_unobserved)) {
    unobserved = 0;
  }
  ~on_http_workers() override { dwell::set_unobserved_error_hook(before_); }

  static void run(dwell::task<> body) { dwell::run(std::move(body), pool()); }

 private:
  const watchdog dog_{"a test of the HTTP server"};
  const dwell::unobserved_error_hook before_;
};

}  // namespace dwell_test
