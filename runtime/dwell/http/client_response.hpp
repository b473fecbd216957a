// What a client gets: a head, and a body that is read as it comes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

class client_exchange;

/// An answer: a byte_source. Move-only. What is not read is not fetched: the server is held back
/// beyond what a window holds. Destroyed before its body has come to its end, it closes the
/// connection (of HTTP/2: the stream), and the server sees that; read it to the end to keep it.
///
/// Reading throws request_error, with delivery::partial_answer, and dwell::cancelled, without
/// effect. One task at a time.
class DWELL_API client_response {
 public:
  /// For the client.
  client_response(int answer_status, fields answer_headers, std::string answer_url,
                  std::unique_ptr<client_exchange> from) noexcept;
  client_response(client_response&&) noexcept;
  client_response& operator=(client_response&&) noexcept;
  ~client_response();

  /// Whether the status is one of success, 200 to 299.
  [[nodiscard]] bool ok() const noexcept { return status >= 200 && status < 300; }

  [[nodiscard]] task<std::size_t> read_some(net::bytes to);
  /// What has come next, some of it; "" at the end.
  [[nodiscard]] task<std::string> next();
  /// All that is left, at most `limit` bytes: request_error, too_large, for more.
  [[nodiscard]] task<std::string> text(std::size_t limit = default_text_limit);
  /// The same as JSON: `co_await answer.json<nlohmann::json>()`. Throws what J::parse() throws.
  template <class J>
  [[nodiscard]] task<J> json(std::size_t limit = default_text_limit) {
    const std::string all = co_await text(limit);
    co_return J::parse(all);
  }

  static constexpr std::size_t default_text_limit = std::size_t{64} * 1024 * 1024;

  int status;
  /// As they came: of a body that was decompressed Content-Encoding and Content-Length tell how it
  /// was on the way.
  fields headers;
  /// Where the answer is from, behind the redirects.
  std::string url;

 private:
  std::unique_ptr<client_exchange> from_;
};

static_assert(net::byte_source<client_response>);

}  // namespace dwell::inline v0::http
