#include <array>
#include <string_view>

#include <dwell/llm/retry_after.hpp>
#include <dwell/llm/server_error.hpp>

namespace dwell::inline v0::llm {

namespace {

// Of what a server says: pages of HTML come, too.
constexpr std::size_t most_shown = 400;

// What servers call an error: "type" or "code", and a sentence.
struct report {
  std::string type{};
  std::string code{};
  std::string text{};

  [[nodiscard]] bool is(std::string_view name) const { return type == name || code == name; }
  [[nodiscard]] bool says(std::string_view words) const {
    return text.find(words) != std::string::npos;
  }
  [[nodiscard]] bool is_about_context() const {
    return is("context_length_exceeded") || says("context length") || says("context window") ||
           says("prompt is too long");
  }
};

// The objects that they come in differ from vendor to vendor; some send a text alone.
report read_report(const json& from) {
  const json& inner = member(from, "error");
  const json& said = inner.is_object() ? inner : from;
  report found{.type = text_at(said, "type"), .code = text_at(said, "code")};
  found.text = inner.is_string() ? inner.get<std::string>() : text_at(said, "message");
  return found;
}

failure failure_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return failure::unauthorized;
    case 402:
      return failure::out_of_quota;
    case 408:
      return failure::timed_out;
    case 413:
      return failure::context_length;
    case 429:
      return failure::rate_limited;
    case 409:  // OpenAI: somebody else holds the lock
    case 503:
    case 529:
      return failure::overloaded;
    case 501:
      return failure::invalid_request;
    default:
      break;
  }
  if (status >= 500) return failure::server_failed;
  return status >= 400 ? failure::invalid_request : failure::malformed;
}

failure failure_of_name(const report& said) {
  struct name {
    std::string_view text;
    failure means;
  };
  static constexpr std::array names = {name{"rate_limit_error", failure::rate_limited},
                                       name{"rate_limit_exceeded", failure::rate_limited},
                                       name{"overloaded_error", failure::overloaded},
                                       name{"invalid_request_error", failure::invalid_request},
                                       name{"not_found_error", failure::invalid_request},
                                       name{"authentication_error", failure::unauthorized},
                                       name{"permission_error", failure::unauthorized}};
  for (const name& known : names)
    if (said.is(known.text)) return known.means;
  return failure::server_failed;
}

failure failure_of(int status, const report& said) {
  if (said.is("insufficient_quota") || said.is("billing_error")) return failure::out_of_quota;
  const failure meant = status == 200 ? failure_of_name(said) : failure_of_status(status);
  const bool refused = meant == failure::invalid_request || meant == failure::context_length;
  return refused && said.is_about_context() ? failure::context_length : meant;
}

failure failure_of(http::request_failure reason) {
  switch (reason) {
    case http::request_failure::timed_out:
      return failure::timed_out;
    case http::request_failure::malformed:
    case http::request_failure::too_large:
    case http::request_failure::too_many_redirects:
      return failure::malformed;
    default:
      return failure::connection;
  }
}

std::string shortened(std::string text) {
  if (text.size() <= most_shown) return text;
  text.resize(most_shown);
  return text + "…";
}

}  // namespace

error error_of_answer(const http::client_response& answer, const std::string& body,
                      const model_options& model) {
  const json parsed = json::parse(body, nullptr, false);
  report said;
  if (parsed.is_object()) said = read_report(parsed);
  failure_facts facts{.status = answer.status, .retry_after = retry_after(answer.headers)};
  facts.too_long_to_wait = facts.retry_after > model.longest_retry_after;
  std::string what = std::to_string(answer.status);
  if (!said.text.empty()) what += ": " + said.text;
  return error(failure_of(answer.status, said), what, facts);
}

error error_of_report(const json& said) {
  const report read = read_report(said);
  const std::string what = "instead of an answer: " + (read.text.empty() ? read.type : read.text);
  return error(failure_of(200, read), what, {.status = 200});
}

error error_of_request(const http::request_error& failed) {
  return error(failure_of(failed.reason()), failed.what(), {.how_far = failed.how_far()});
}

error as_shown(const error& e, const model_options& model) {
  std::string what = model.model;
  what += ": ";
  what += in_words(e.reason());
  what += ": ";
  what += shortened(model.key.removed_from(e.what()));
  return error(e.reason(), what, e.facts());
}

}  // namespace dwell::inline v0::llm
