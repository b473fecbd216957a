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

inline dwell::task<sim::http_answer> mock_answer(mock_llm::service& from, sim::http_request asked) {
  const mock_llm::visit inside(from.seen());
  const mock_llm::question q = mock_llm::service::read(asked.body);
  const mock_llm::fault what = from.next_fault();
  co_await dwell::sleep_for(from.how().first_token);
  if (const auto refusal = from.refusal_for(what)) {
    sim::http_answer refused{.status = refusal->status, .body = refusal->body};
    const std::string wait = std::to_string(refusal->retry_after.count());
    if (wait != "0") refused.headers.add("retry-after-ms", wait);
    co_return refused;
  }
  inside.answered();
  if (what == mock_llm::fault::cut) throw std::runtime_error("cut");
  if (what == mock_llm::fault::malformed)
    co_return sim::http_answer{.body = std::string(mock_llm::service::nonsense)};
  const auto words = from.words_for(q);
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
