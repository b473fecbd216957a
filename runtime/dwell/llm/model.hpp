// A language model behind a server.
//
//   llm::model haiku({.base_url = "https://api.example/v1", .model = "haiku"});
//   llm::completion answer = co_await haiku.generate("Why is the sky blue?");
//
//   llm::completion_stream words = co_await haiku.stream("And at night?");
//   while (auto piece = co_await words.next()) std::cout << piece->text << std::flush;
//
// A call is: wait for a place and for the rates (model_limits), ask, read the answer; after an
// error that passes pause and do all of it again (retry.hpp: full jitter, the server's Retry-After,
// never beyond the caller's deadline, one budget for nested retries). A pause holds no place. Where
// the options want it, an attempt that stays silent gets others beside it (hedged.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <dwell/base/export.hpp>
#include <dwell/http/client.hpp>
#include <dwell/llm/completion.hpp>
#include <dwell/llm/completion_stream.hpp>
#include <dwell/llm/model_options.hpp>

namespace dwell::inline v0::llm {

struct model_core;

/// What model::statistics() tells, since the model was made.
struct model_statistics {
  std::uint64_t requests = 0;   ///< that were sent, each attempt and hedge counted
  std::uint64_t hedges = 0;     ///< of them, those that were sent beside another
  std::uint64_t answers = 0;    ///< that came to their end
  std::uint64_t failures = 0;   ///< attempts that ended by an llm::error
  std::uint64_t cancelled = 0;  ///< attempts and streams that were given up
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::size_t in_flight = 0;  ///< now
  std::size_t waiting = 0;    ///< for a place, now
};

/// One model, for the whole program; any thread's tasks. Destroyed while calls and streams go on it
/// lets them come to their end.
///
/// Every wait is cancellable, and closes the connection of the request that it waits for.
class DWELL_API model {
 public:
  /// With a client of its own. Throws std::invalid_argument for options that make no sense.
  explicit model(const model_options& options);
  /// Through a client that others use too, whose pool should have room for max_in_flight.
  model(std::shared_ptr<http::client> through, const model_options& options);
  model(const model&) = delete;
  model& operator=(const model&) = delete;
  ~model();

  /// Asks, and gives the answer when it is complete. Throws llm::error, and whatever else the
  /// client throws (std::invalid_argument for a URL that is none).
  [[nodiscard]] task<completion> generate(conversation asked) const;
  [[nodiscard]] task<completion> generate(conversation asked, generate_options options) const;
  /// The same with one message of the user's.
  [[nodiscard]] task<completion> generate(std::string prompt) const;

  /// Asks, and gives the answer when its first piece has come: until then it is asked again as
  /// generate() does.
  [[nodiscard]] task<completion_stream> stream(conversation asked) const;
  [[nodiscard]] task<completion_stream> stream(conversation asked, generate_options options) const;
  [[nodiscard]] task<completion_stream> stream(std::string prompt) const;

  /// A picture of about one moment.
  [[nodiscard]] model_statistics statistics() const noexcept;

 private:
  const std::shared_ptr<model_core> core_;
};

}  // namespace dwell::inline v0::llm
