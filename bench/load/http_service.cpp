// A model's answers, without the model (see http_service.hpp).
#include "http_service.hpp"

#include <charconv>
#include <string_view>
#include <utility>

#include <dwell/http/sse.hpp>
#include <dwell/http/status.hpp>

namespace bench {

namespace {

namespace http = dwell::http;
using std::chrono::steady_clock;

/// The number behind `prefix`; throws status_error.
std::uint64_t number_after(std::string_view prefix, std::string_view text) {
  std::uint64_t number = 0;
  text.remove_prefix(prefix.size());
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size())
    throw http::status_error(404, "no number behind " + std::string(prefix) + "\n");
  return number;
}

std::string token(std::uint64_t k, steady_clock::time_point due) {
  const auto data = std::to_string(k) + ' ' + std::to_string(due.time_since_epoch().count());
  std::string text;
  http::sse::write_event(text, {.data = data});
  return text;
}

dwell::task<> write_tokens(http::body_writer& out, std::uint64_t stream, std::uint64_t count) {
  auto due = steady_clock::now() + thinking_time + stream * stream_offset;
  for (std::uint64_t k = 0; k < count; ++k, due += token_gap) {
    co_await dwell::sleep_until(due);
    const auto text = token(k, due);
    co_await out.write(text);
  }
  co_await out.write("data: [DONE]\n\n");
}

http::response tokens(http::request& asked) {
  const auto stream = number_after("/stream/", asked.path());
  const auto count = number_after("n=", asked.query());
  return http::response::streamed(
      [=](http::body_writer& out) { return write_tokens(out, stream, count); },
      "text/event-stream");
}

}  // namespace

std::string expected_reply(std::uint64_t index) {
  auto text = std::to_string(index);
  text.resize(reply_bytes, ' ');
  return text;
}

dwell::task<http::response> answer_as_model(http::request& asked) {
  if (asked.path().starts_with("/stream/")) co_return tokens(asked);
  if (!asked.path().starts_with("/reply/")) throw http::status_error(404, "no such thing\n");
  const auto index = number_after("/reply/", asked.path());
  co_await dwell::sleep_for(reply_time);
  co_return http::response(200, expected_reply(index));
}

}  // namespace bench
