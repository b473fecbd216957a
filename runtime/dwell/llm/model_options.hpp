// Where a model is, what it is asked with, and what it may cost.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <dwell/http/client_options.hpp>
#include <dwell/llm/error.hpp>
#include <dwell/llm/message.hpp>
#include <dwell/llm/secret.hpp>
#include <dwell/scope/retry.hpp>

namespace dwell::inline v0::llm {

/// What is spoken with the server.
enum class wire : std::uint8_t {
  openai,     ///< POST base_url/chat/completions: OpenAI, vLLM, Ollama, llama.cpp, and most others.
  anthropic,  ///< POST base_url/messages.
};

/// How the model writes; what is not set is the server's choice.
struct generation {
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  /// Of the answer. Anthropic wants one: 4096 if there is none.
  std::optional<std::uint32_t> max_tokens{};
  std::optional<std::uint64_t> seed{};
  std::vector<std::string> stop{};
  /// Whatever else the server takes: a JSON object whose members are added to the request, and win.
  std::string extra{};
};

/// What one call may say about itself.
struct generate_options {
  /// In the place of the model's, where something is set.
  generation parameters{};
  std::vector<tool> tools{};
  /// "auto", "none", "required", or the name of the tool that it must call; "" for the server's
  /// choice.
  std::string tool_choice{};
};

/// So much in each `per`, up to `burst` at once: a rate_limiter's. An `amount` of 0 is no limit.
struct rate {
  double amount = 0;
  std::chrono::nanoseconds per = std::chrono::minutes(1);
  /// 0 is `amount`. So in each `per` there are at most `amount` + `burst`.
  double burst = 0;
};

/// What all calls of one model together keep to, on this side, each attempt counted: waiting here
/// costs less than being refused there. Who waits is served first come, first served.
struct model_limits {
  /// Requests whose answers are not at their end.
  std::size_t max_in_flight = 64;
  rate requests{};
  /// Tokens of questions and answers. What a request will take is guessed (a token for four bytes,
  /// and max_tokens or `expected_output`), and put right when the answer says what it was.
  rate tokens{};
  std::uint32_t expected_output = 256;
};

/// A model's settings.
struct model_options {
  /// With the version, as vendors give it.
  std::string base_url = "https://api.openai.com/v1";
  /// The server's name for the model.
  std::string model{};
  llm::wire wire = llm::wire::openai;

  /// The key, or where the environment has it; "" and none for a server that wants none. The
  /// variable is looked at once, when the model is made, and only if `key` is none.
  secret key{};
  std::string key_variable = "OPENAI_API_KEY";

  generation parameters{};
  model_limits limits{};

  /// Of a request. `first_byte` is how long the model may think before it says anything, `idle` how
  /// long it may be silent while it speaks: comments that only keep the connection do not count.
  http::request_times times{.first_byte = std::chrono::minutes(10)};

  /// How often, and after which errors, a question is asked again. llm::retry_transient does as all
  /// vendors' clients do, and may pay twice for an answer that was lost; llm::retry_refusals never
  /// does. A stream of which the caller has got a piece is never begun again.
  retry_policy retries{.longest_pause = std::chrono::seconds(8), .retries = &retry_transient};
  /// A server that asks to wait for longer is not waited for: its error is thrown.
  std::chrono::nanoseconds longest_retry_after = std::chrono::minutes(1);

  /// Hedged requests, against the few answers that take much longer than most: when a request was
  /// sent and no answer has begun for `hedge_after` (of a stream: no piece has come), the same
  /// question is sent once more, and so on, up to `hedges` times beside each attempt. The first
  /// good answer wins; the connections of the others are closed, and one that fails meanwhile fails
  /// nobody. A hedge counts towards all limits, and is left out where it would have to wait.
  ///
  /// What is asked twice may be paid for twice, whatever `retries` says: a server that was left may
  /// have written its answer. With `hedge_after` at the 95th percentile of the time that answers
  /// take to begin, one question in twenty is. 0 hedges are none.
  unsigned hedges = 0;
  std::chrono::nanoseconds hedge_after{};

  /// Most bytes of an answer, and of one event of a stream.
  std::size_t answer_limit = std::size_t{16} * 1024 * 1024;
};

}  // namespace dwell::inline v0::llm
