// What a model is made of, kept by its calls and streams. Not installed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <dwell/http/client.hpp>
#include <dwell/llm/model_options.hpp>
#include <dwell/llm/wire_format.hpp>
#include <dwell/scope/rate_limiter.hpp>
#include <dwell/sync/semaphore.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::llm {

struct model_core {
  /// Throws std::invalid_argument for options that make no sense.
  model_core(std::shared_ptr<http::client> through, const model_options& with);

  const model_options options;
  const wire_format& format;
  const std::string url;
  const std::shared_ptr<http::client> client;

  semaphore places;
  std::optional<rate_limiter> requests;
  std::optional<rate_limiter> tokens;

  trace::shared_counter sent;
  trace::shared_counter hedges;
  trace::shared_counter answers;
  trace::shared_counter failures;
  trace::shared_counter cancelled;
  trace::shared_counter input_tokens;
  trace::shared_counter output_tokens;
};

/// A question as it goes out, what it may take in tokens, and how often it went.
struct written_question {
  std::string body;
  double tokens = 0;
  http::request_times times{};
  trace::shared_counter sent{};
};

}  // namespace dwell::inline v0::llm
