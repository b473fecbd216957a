#include <optional>
#include <string>

#include <dwell/http/client_request.hpp>
#include <dwell/http/request_error.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/llm/attempt.hpp>
#include <dwell/llm/server_error.hpp>

namespace dwell::inline v0::llm {

namespace {

// Of an answer that is an error.
constexpr std::size_t most_read = std::size_t{64} * 1024;

// The beginning is enough, and whatever goes wrong with the rest does not hide the status.
task<std::string> beginning_of(http::client_response& answer) {
  std::string text;
  try {
    while (text.size() < most_read) {
      const std::string part = co_await answer.next();
      if (part.empty()) break;
      text += part;
    }
  } catch (const http::request_error&) {
  }
  co_return text;
}

}  // namespace

attempt::~attempt() {
  if (state_ == state::sent) core_->cancelled.add();
}

// The place first: who waits for the rates with one in his hand keeps nobody longer from it than
// the rates do, and what was taken of them is used at once.
task<> attempt::admit() {
  place_ = co_await core_->places.acquire();
  if (core_->requests) (void)co_await core_->requests->acquire();
  if (core_->tokens) tokens_ = co_await core_->tokens->acquire(asked_->tokens);
}

// The rate of requests last: what was taken of it cannot be given back.
bool attempt::admit_as_hedge() {
  std::optional<semaphore::permit> place = core_->places.try_acquire();
  if (!place) return false;
  if (core_->tokens) {
    std::optional<rate_limiter::reservation> tokens = core_->tokens->try_acquire(asked_->tokens);
    if (!tokens) return false;
    tokens_ = *std::move(tokens);
  }
  if (core_->requests && !core_->requests->try_acquire()) {
    tokens_.settle(0);
    return false;
  }
  place_ = *std::move(place);
  core_->hedges.add();
  return true;
}

task<http::client_response> attempt::ask() {
  http::client_request request("POST", core_->url);
  core_->format.authorize(request.headers, core_->options.key);
  request.headers.set("Content-Type", "application/json");
  request.body = asked_->body;
  request.times = asked_->times;
  state_ = state::sent;
  core_->sent.add();
  asked_->sent.add();
  http::client_response answer = co_await core_->client->send(std::move(request));
  if (answer.ok()) co_return answer;
  const std::string body = co_await beginning_of(answer);
  throw error_of_answer(answer, body, core_->options);
}

void attempt::answered(const usage& took) noexcept {
  core_->answers.add();
  core_->input_tokens.add(took.input_tokens);
  core_->output_tokens.add(took.output_tokens);
  if (took.total() != 0) tokens_.settle(static_cast<double>(took.total()));
  end();
}

void attempt::end() noexcept {
  state_ = state::ended;
  place_.release();
}

void attempt::fail() {
  try {
    throw;
  } catch (const error& e) {
    fail_with(e);
  } catch (const http::request_error& e) {
    fail_with(error_of_request(e));
  } catch (const http::sse::event_too_large& e) {
    fail_with(error(failure::malformed, e.what()));
  } catch (const timed_out& e) {
    fail_with(error(failure::timed_out, std::string("no event of the stream: ") + e.what()));
  }
}

// What a lost request has used nobody knows: the estimate stands.
void attempt::fail_with(const error& why) {
  if (why.is_refusal()) tokens_.settle(0);
  core_->failures.add();
  end();
  throw as_shown(why, core_->options);
}

}  // namespace dwell::inline v0::llm
