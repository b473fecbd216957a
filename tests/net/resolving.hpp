// What the tests of the resolver have in common.
#pragma once

#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

#include "net/dns_server.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace dwell_test {

/// "<prefix><number>.test". By append(): GCC 12 takes some sums of strings for overlapping copies.
inline std::string numbered(std::string prefix, int number) {
  return prefix.append(std::to_string(number)).append(".test");
}

/// Options that ask `server` only, and complete no name.
inline dwell::net::resolver_options asking(const dns_server& server) {
  dwell::net::resolver_options options;
  options.servers = {server.at()};
  options.search = false;
  // A loaded machine may take its time; silence is the business of tests that say so.
  options.timeout = std::chrono::seconds(30);
  return options;
}

/// The addresses as text.
inline dwell::task<std::vector<std::string>> addresses_of(dwell::net::resolver& r,
                                                          std::string host) {
  std::vector<std::string> texts;
  const auto found = co_await r.resolve(std::move(host), 80);
  for (const dwell::net::endpoint& e : found) texts.push_back(e.to_string());
  co_return texts;
}

/// What the resolution throws; the test fails when it does not.
inline dwell::task<std::optional<dwell::net::resolve_error>> error_of(dwell::net::resolver& r,
                                                                      std::string host) {
  std::optional<dwell::net::resolve_error> error;
  try {
    (void)co_await r.resolve(std::move(host), 80);
  } catch (const dwell::net::resolve_error& e) {
    error.emplace(e);
  }
  EXPECT_TRUE(error.has_value());
  co_return error;
}

/// A server, and a guard against hanging.
class resolving : public no_frames_left {
 protected:
  template <class T>
  static T run(dwell::task<T> main) {
    return run_on(2, std::move(main));
  }

  dns_server server;

 private:
  const watchdog dog_{"a resolver"};
};

}  // namespace dwell_test
