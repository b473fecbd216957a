#include <algorithm>
#include <type_traits>
#include <utility>

#include <dwell/llm/attempt.hpp>
#include <dwell/llm/hedged.hpp>
#include <dwell/llm/model.hpp>
#include <dwell/llm/model_core.hpp>
#include <dwell/llm/open_stream.hpp>

namespace dwell::inline v0::llm {

namespace {

using shared_core = std::shared_ptr<model_core>;
using shared_question = std::shared_ptr<written_question>;

constexpr double bytes_per_token = 4;

shared_question written(const model_core& core, const question& asked) {
  auto out = std::make_shared<written_question>();
  out->body = core.format.body_of(asked);
  const std::uint32_t answer =
      asked.parameters().max_tokens.value_or(core.options.limits.expected_output);
  out->tokens = static_cast<double>(out->body.size()) / bytes_per_token + answer;
  out->times = core.options.times;
  // The head of a stream comes before the model has thought: open_stream knows how long that takes.
  if (asked.streamed) out->times.idle = std::max(out->times.idle, out->times.first_byte);
  return out;
}

// ---- Whole ----

task<completion> ask_whole(attempt& with, hedge_round& round) {
  http::client_response answer = co_await with.ask();
  round.answer_begins();
  const std::string body = co_await answer.text(with.core().options.answer_limit);
  completion whole = with.core().format.read(body);
  with.answered(whole.usage);
  co_return whole;
}

task<completion> generate_once(std::unique_ptr<attempt> with, hedge_round& round) {
  co_return co_await with->carry_out(ask_whole(*with, round));
}

// ---- In pieces ----

// Its head says nothing; the first piece ends the round.
task<completion_stream> stream_once(std::unique_ptr<attempt> with, hedge_round&) {
  http::client_response answer = co_await with->carry_out(with->ask());
  auto begun = std::make_unique<open_stream>(std::move(with), std::move(answer));
  co_await begun->await_piece();
  co_return completion_stream(std::move(begun));
}

// ---- Until it works ----

template <class T>
task<T> ask(shared_core core, conversation asked, generate_options options, bool streamed,
            asking<T> once) {
  const question all{core->options, asked, options, streamed};
  const shared_question text = written(*core, all);
  const auto attempted = [core, text, once] { return ask_hedged(core, text, once); };
  T answer = co_await retry(core->options.retries, attempted);
  if constexpr (std::is_same_v<T, completion>) answer.requests = text->sent.get();
  co_return answer;
}

conversation with_one_message(std::string prompt) {
  conversation one;
  one.push_back(message::user(std::move(prompt)));
  return one;
}

// A pool that does not stand in the way of max_in_flight.
std::shared_ptr<http::client> client_for(const model_options& options) {
  http::client_options own;
  own.per_origin = std::max<std::size_t>(options.limits.max_in_flight, 1);
  own.requests = own.per_origin;
  own.idle_connections = std::min<std::size_t>(own.per_origin, 1024);
  return std::make_shared<http::client>(own);
}

}  // namespace

model::model(const model_options& options) : model(client_for(options), options) {}

model::model(std::shared_ptr<http::client> through, const model_options& options)
    : core_(std::make_shared<model_core>(std::move(through), options)) {}

model::~model() = default;

task<completion> model::generate(conversation asked, generate_options options) const {
  return ask(core_, std::move(asked), std::move(options), false, &generate_once);
}
task<completion> model::generate(conversation asked) const {
  return generate(std::move(asked), generate_options());
}
task<completion> model::generate(std::string prompt) const {
  return generate(with_one_message(std::move(prompt)));
}

task<completion_stream> model::stream(conversation asked, generate_options options) const {
  return ask(core_, std::move(asked), std::move(options), true, &stream_once);
}
task<completion_stream> model::stream(conversation asked) const {
  return stream(std::move(asked), generate_options());
}
task<completion_stream> model::stream(std::string prompt) const {
  return stream(with_one_message(std::move(prompt)));
}

model_statistics model::statistics() const noexcept {
  const semaphore_statistics places = core_->places.statistics();
  return {.requests = core_->sent.get(),
          .hedges = core_->hedges.get(),
          .answers = core_->answers.get(),
          .failures = core_->failures.get(),
          .cancelled = core_->cancelled.get(),
          .input_tokens = core_->input_tokens.get(),
          .output_tokens = core_->output_tokens.get(),
          .in_flight = core_->options.limits.max_in_flight - places.available,
          .waiting = places.waiters};
}

}  // namespace dwell::inline v0::llm
