// How a model fails to answer, and what may be done about it.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/http/request_error.hpp>
#include <dwell/scope/retry.hpp>

namespace dwell::inline v0::llm {

enum class failure : std::uint8_t {
  rate_limited,     ///< Too many requests or tokens; retry_after() if the server said when.
  overloaded,       ///< The server has no room now (503, 529), and did nothing.
  server_failed,    ///< It broke down on the request (another 5xx).
  invalid_request,  ///< It does not take what it was asked.
  context_length,   ///< The conversation is longer than the model can read.
  unauthorized,     ///< The key: none, a wrong one, or not for this.
  out_of_quota,     ///< Nothing is left to spend.
  timed_out,        ///< One of the limits on times; what() says which.
  connection,       ///< No connection, or it was lost.
  malformed,        ///< What came is no answer.
};

/// In a word or two: "rate limited".
[[nodiscard]] DWELL_API std::string_view in_words(failure reason) noexcept;

/// What the server did, as far as is known.
struct failure_facts {
  /// Of HTTP; 0 when there was no answer.
  int status = 0;
  /// What the server asks to wait, from now; 0 for nothing.
  std::chrono::nanoseconds retry_after{};
  http::delivery how_far = http::delivery::partial_answer;
  /// That this is longer than anybody waits: see model_options::longest_retry_after.
  bool too_long_to_wait = false;
};

/// A model has not answered, or not to the end. what() says why, in the server's words where it had
/// any; the key is never in it.
class DWELL_API error : public std::runtime_error, public retry_hint {
 public:
  error(failure reason, const std::string& what, const failure_facts& facts = {});
  ~error() override;

  [[nodiscard]] failure reason() const noexcept { return reason_; }
  [[nodiscard]] int status() const noexcept { return facts_.status; }
  [[nodiscard]] http::delivery how_far() const noexcept { return facts_.how_far; }
  [[nodiscard]] const failure_facts& facts() const noexcept { return facts_; }

  /// Whether asking again may help: the trouble is one that passes.
  [[nodiscard]] bool is_transient() const noexcept;
  /// Whether the server has certainly not worked on the request, so that asking again costs nothing
  /// twice: it refused, or has never seen it.
  [[nodiscard]] bool is_refusal() const noexcept;

 private:
  failure reason_;
  failure_facts facts_;
};

/// For retry_policy::retries: errors that pass.
[[nodiscard]] DWELL_API bool retry_transient(const std::exception_ptr& failed);
/// The same for requests that must not be carried out twice, nor paid for: refusals that pass.
[[nodiscard]] DWELL_API bool retry_refusals(const std::exception_ptr& failed);

}  // namespace dwell::inline v0::llm
