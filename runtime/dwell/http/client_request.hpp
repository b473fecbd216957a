// What a client sends.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/http/client_options.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

/// A body that is read while it is sent, of whatever type.
class DWELL_API any_source {
 public:
  any_source() noexcept = default;
  any_source(const any_source&) = delete;
  any_source& operator=(const any_source&) = delete;
  virtual ~any_source();

  [[nodiscard]] virtual task<std::size_t> read_some(net::bytes to) = 0;
};

template <net::byte_source S>
class any_source_of final : public any_source {
 public:
  explicit any_source_of(S source) : source_(std::move(source)) {}
  [[nodiscard]] task<std::size_t> read_some(net::bytes to) override {
    return source_.read_some(to);
  }

 private:
  S source_;
};

/// What nlohmann::json is, and others like it.
template <class J>
concept json_value = requires(const J& value) {
  { value.dump() } -> std::convertible_to<std::string>;
};

/// A request. Move-only, for one use.
class DWELL_API client_request {
 public:
  /// What is wrong with them says client::send().
  client_request(std::string request_method, std::string request_url);

  /// `text` becomes the body. `type` is the Content-Type; "" adds none.
  client_request&& with_body(std::string text, std::string_view type = {}) &&;
  /// The same with a value as JSON.
  template <json_value J>
  client_request&& with_json(const J& value) && {
    return std::move(*this).with_body(value.dump(), "application/json");
  }
  /// The body is read from `source`, a byte_source, as the server takes it. Of `size` bytes, or
  /// chunked. It cannot be sent again: a redirect that would have to is given as the answer.
  template <net::byte_source S>
  client_request&& with_stream(S source, std::optional<std::uint64_t> size = {}) && {
    stream = std::make_unique<any_source_of<S>>(std::move(source));
    stream_size = size;
    return std::move(*this);
  }
  /// As fields::set().
  client_request&& with_header(std::string_view name, std::string_view value) &&;

  std::string method;
  std::string url;
  fields headers{};
  /// POST, PUT and PATCH have a body, empty perhaps; others when there is something in it.
  std::string body{};
  std::unique_ptr<any_source> stream{};
  std::optional<std::uint64_t> stream_size{};
  /// Instead of the client's.
  std::optional<request_times> times{};
  std::optional<answer_limits> limits{};
};

}  // namespace dwell::inline v0::http
