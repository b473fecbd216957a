// What a model is made of, kept by its calls and streams. Not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <dwell/base/atomic.hpp>
#include <dwell/http/client.hpp>
#include <dwell/llm/model_options.hpp>
#include <dwell/llm/wire_format.hpp>
#include <dwell/scope/rate_limiter.hpp>
#include <dwell/sync/semaphore.hpp>

namespace dwell::inline v0::llm {

/// A count that nothing is concluded from.
class counter {
 public:
  // relaxed, both: see above.
  void add(std::uint64_t n = 1) noexcept { count_.fetch_add(n, base::relaxed); }
  [[nodiscard]] std::uint64_t get() const noexcept { return count_.load(base::relaxed); }

 private:
  base::atomic<std::uint64_t> count_{0};
};

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

  counter sent;
  counter answers;
  counter failures;
  counter cancelled;
  counter input_tokens;
  counter output_tokens;
};

/// A question as it goes out, and what it may take in tokens.
struct written_question {
  std::string body;
  double tokens = 0;
  http::request_times times{};
};

}  // namespace dwell::inline v0::llm
