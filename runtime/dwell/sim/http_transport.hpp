// An HTTP client's transport without a network: a handler answers, after a latency, if nothing goes
// wrong.
//
//   auto through = std::make_shared<sim::http_transport>(my_handler, {.reset = 0.1});
//   http::client client(through);
//
// What libcurl does on the wire is not simulated: a client's own behaviour is what is tested with
// it, and that of the program above. All that happens is drawn from the seed of the run.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <dwell/base/export.hpp>
#include <dwell/http/transport.hpp>

namespace dwell::inline v0::sim {

/// What happens to requests. A chance is a number from 0 (never) to 1 (always).
struct http_weather {
  /// How long a connection takes, and each piece that is sent or received; drawn for each.
  std::chrono::nanoseconds shortest_latency = std::chrono::microseconds(100);
  std::chrono::nanoseconds longest_latency = std::chrono::milliseconds(5);
  /// The most bytes of a piece of an answer's body; each has a number drawn up to it.
  std::size_t longest_piece = 4096;
  /// That nobody lets a request connect.
  double refuse = 0;
  /// At each step from the connection on: that the connection is reset, which the client is told,
  /// or cut, which nobody is told.
  double reset = 0;
  double cut = 0;
};

/// What a handler gets, and gives.
struct http_request {
  std::string method;
  std::string url;
  http::fields headers{};
  std::string body{};
};
struct http_answer {
  int status = 200;
  http::fields headers{};
  std::string body{};
};

/// Answers every request, whatever its host. Inside sim::run(); outside it works in real time.
class DWELL_API http_transport final : public http::transport {
 public:
  /// A task of its own for each request; cancelled when the request is. What it throws ends the
  /// request as broken.
  using handler = std::function<task<http_answer>(http_request)>;

  explicit http_transport(handler answer, const http_weather& weather = {});
  ~http_transport() override;

  [[nodiscard]] task<std::shared_ptr<http::exchange>> begin(http::wire_request asked) override;

 private:
  const std::shared_ptr<const handler> answer_;
  const http_weather weather_;
};

}  // namespace dwell::inline v0::sim
