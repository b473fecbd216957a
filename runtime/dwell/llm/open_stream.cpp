#include <chrono>
#include <utility>

#include <dwell/llm/open_stream.hpp>

namespace dwell::inline v0::llm {

namespace {

// What the end of a stream's body may take, behind its last event. Worth so much is a connection
// that is kept.
constexpr std::chrono::seconds longest_farewell(1);

}  // namespace

open_stream::open_stream(std::unique_ptr<attempt> with, http::client_response answer)
    : attempt_(std::move(with)),
      from_(std::move(answer)),
      builder_(attempt_->core().format.begin_stream()),
      events_(attempt_->core().options.answer_limit) {}

task<std::optional<delta>> open_stream::next() {
  co_await await_piece();
  if (pieces_.empty()) co_return std::nullopt;
  delta piece = std::move(pieces_.front());
  pieces_.pop_front();
  co_return piece;
}

completion open_stream::answer() const {
  completion whole = builder_->answer();
  whole.requests = attempt_->requests();
  return whole;
}

task<> open_stream::await_piece() {
  if (!pieces_.empty()) co_return;
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (!from_) co_return;
  try {
    co_await attempt_->carry_out(read_piece());
  } catch (const std::exception&) {
    failure_ = std::current_exception();
  }
  if (failure_ != nullptr && pieces_.empty()) std::rethrow_exception(failure_);
}

// A connection that failed is closed before its place is free for the next.
task<> open_stream::read_piece() {
  try {
    while (!last_event_seen_ && pieces_.empty())
      if (!take_event()) co_await timeout(longest_silence(), read_event());
    if (pieces_.empty()) co_await read_to_end();
  } catch (const std::exception&) {
    from_.reset();
    throw;
  }
}

// To the end of the next event, or of the body.
task<> open_stream::read_event() {
  for (;;) {
    const std::size_t got = co_await from_->read_some(room_);
    unparsed_ = net::const_bytes(room_).first(got);
    if (got == 0) {
      last_event_seen_ = true;
      if (!builder_->may_end())
        throw error(failure::connection, "the stream ended in the middle of the answer");
    }
    if (got == 0 || take_event()) co_return;
  }
}

bool open_stream::take_event() {
  const http::sse::event* const next = events_.next(unparsed_);
  if (next == nullptr) return false;
  event_seen_ = true;
  last_event_seen_ = builder_->take(*next, pieces_);
  if (builder_->bytes() > attempt_->core().options.answer_limit)
    throw error(failure::malformed, "the answer is longer than the limit");
  return true;
}

std::chrono::nanoseconds open_stream::longest_silence() const noexcept {
  const http::request_times& times = attempt_->core().options.times;
  return event_seen_ ? times.idle : times.first_byte;
}

// Only what is read to its end keeps its connection.
task<> open_stream::read_to_end() {
  (void)co_await move_on_after(longest_farewell, read_farewell());
  attempt_->answered(builder_->answer().usage);
  from_.reset();
}

task<> open_stream::read_farewell() {
  try {
    while (co_await from_->read_some(room_) != 0) continue;
  } catch (const http::request_error&) {  // the answer was complete without it
  }
}

}  // namespace dwell::inline v0::llm
