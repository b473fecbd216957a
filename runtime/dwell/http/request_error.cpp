#include <algorithm>
#include <array>

#include <dwell/http/request_error.hpp>

namespace dwell::inline v0::http {

request_error::request_error(delivery how_far, request_failure reason, std::string_view what)
    : std::runtime_error(std::string(what)), how_far_(how_far), reason_(reason) {}
request_error::~request_error() = default;

std::string_view in_words(delivery how_far) noexcept {
  switch (how_far) {
    case delivery::nothing_sent:
      return "nothing sent";
    case delivery::no_answer:
      return "sent, no answer";
    case delivery::partial_answer:
      break;
  }
  return "partial answer";
}

bool is_idempotent(std::string_view method) noexcept {
  static constexpr std::array<std::string_view, 6> methods = {"GET",    "HEAD",    "PUT",
                                                              "DELETE", "OPTIONS", "TRACE"};
  return std::ranges::find(methods, method) != methods.end();
}

}  // namespace dwell::inline v0::http
