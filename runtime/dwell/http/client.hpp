// An HTTP client.
//
//   http::client client;
//   http::client_response answer = co_await client.get("https://api.example/models");
//   if (answer.ok()) use(co_await answer.json<nlohmann::json>());
//
// It keeps connections, speaks HTTP/1.1 and HTTP/2, TLS, and through proxies: libcurl does, driven
// by Dwell's reactor and run on its workers. What it adds is the rest of a request's life: places
// in a pool, redirects, limits on time and size, a cancel that closes the connection at once, and
// errors that say how far the request had come.
#pragma once

#include <memory>
#include <string>

#include <dwell/base/export.hpp>
#include <dwell/http/client_options.hpp>
#include <dwell/http/client_request.hpp>
#include <dwell/http/client_response.hpp>
#include <dwell/http/request_error.hpp>
#include <dwell/http/transport.hpp>

namespace dwell::inline v0::http {

struct client_core;

/// Sends requests: one for the whole program, any thread's tasks. It belongs to the runtime whose
/// tasks use it; when that has ended another one's may. Destroyed while requests and answers go on
/// it lets them come to their end.
///
/// Every wait is cancellable. A request that is cancelled closes its connection before the cancel
/// is seen by whoever waits for the task; what the server has got of it by then it has got. Nothing
/// is sent twice, but for requests with an idempotent method on a kept connection that turned out
/// to be closed.
class DWELL_API client {
 public:
  /// Starts nothing yet. Throws std::invalid_argument for options that make no sense.
  explicit client(const client_options& options = {});
  /// Through something else than libcurl.
  client(std::shared_ptr<transport> through, const client_options& options = {});
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client();

  /// Sends a request and follows redirects, and gives the answer once its head has come. An answer
  /// with whatever status is an answer, and no exception.
  ///
  /// Throws request_error; std::invalid_argument for a URL or a method that is none; what the
  /// stream of a body throws.
  [[nodiscard]] task<client_response> send(client_request asked);
  [[nodiscard]] task<client_response> get(std::string url);
  [[nodiscard]] task<client_response> post(std::string url, std::string body,
                                           std::string type = "application/json");

 private:
  const std::shared_ptr<client_core> core_;
};

}  // namespace dwell::inline v0::http
