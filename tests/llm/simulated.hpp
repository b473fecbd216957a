// Models in a simulated world: the mock behind a transport in virtual time, and servers that are a
// list of answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/sim/http_transport.hpp>
#include <dwell/sim/run.hpp>

#include "llm/asking.hpp"

namespace dwell_test {

namespace sim = dwell::sim;

/// A model behind `through`, whose client stands in nobody's way.
inline llm::model model_through(sim::http_transport::handler answer, const llm::model_options& with,
                                const sim::http_weather& weather = {}) {
  http::client_options pool;
  pool.per_origin = 1000;
  pool.times.pool = std::chrono::nanoseconds(1);
  const auto through = std::make_shared<sim::http_transport>(std::move(answer), weather);
  return llm::model(std::make_shared<http::client>(through, pool), with);
}

inline sim::http_answer as_answer(const mock_llm::refusal& what) {
  sim::http_answer refused{.status = what.status, .body = what.body};
  if (what.retry_after > what.retry_after.zero())
    refused.headers.add("retry-after-ms", std::to_string(what.retry_after.count()));
  return refused;
}

inline dwell::task<sim::http_answer> mock_answer(mock_llm::service& from, sim::http_request asked) {
  const mock_llm::visit inside(from.seen());
  const mock_llm::question q = mock_llm::service::read(asked.body);
  const mock_llm::fault what = from.next_fault();
  co_await dwell::sleep_for(from.thinking_time());
  const auto refusal = from.refusal_for(what);
  if (refusal && what != mock_llm::fault::failed) co_return as_answer(*refusal);
  const auto words = from.words_for(q);  // from here on it has worked on it
  if (refusal) co_return as_answer(*refusal);
  inside.answered();
  if (what == mock_llm::fault::cut) throw std::runtime_error("cut");
  if (what == mock_llm::fault::malformed)
    co_return sim::http_answer{.body = std::string(mock_llm::service::nonsense)};
  std::string text;
  if (q.streamed)
    for (const std::string& word : words) text += mock_llm::service::word_event(q, word);
  text +=
      q.streamed ? mock_llm::service::last_events(q, words) : mock_llm::service::whole(q, words);
  co_return sim::http_answer{.body = std::move(text)};
}

/// The mock as a transport's handler.
inline sim::http_transport::handler answering(mock_llm::service& from) {
  return [&from](sim::http_request asked) { return mock_answer(from, std::move(asked)); };
}

/// Gives these answers, one after the other, and the last one for ever; and remembers what it was
/// asked.
class list_of_answers {
 public:
  explicit list_of_answers(std::vector<sim::http_answer> answers) : answers_(std::move(answers)) {}

  [[nodiscard]] sim::http_transport::handler handler() {
    return [this](sim::http_request asked) { return answer(std::move(asked)); };
  }
  [[nodiscard]] const std::vector<sim::http_request>& asked() const { return asked_; }

 private:
  dwell::task<sim::http_answer> answer(sim::http_request asked) {
    const std::size_t turn = std::min(asked_.size(), answers_.size() - 1);
    asked_.push_back(std::move(asked));
    co_return answers_[turn];
  }

  std::vector<sim::http_answer> answers_;
  std::vector<sim::http_request> asked_;
};

/// What such a server says to "hello", as OpenAI does.
inline sim::http_answer good_answer() {
  return {.body = R"({"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],)"
                  R"("usage":{"prompt_tokens":3,"completion_tokens":4}})"};
}
inline sim::http_answer status_answer(int status, std::string body = {}) {
  return {.status = status, .body = std::move(body)};
}

}  // namespace dwell_test
