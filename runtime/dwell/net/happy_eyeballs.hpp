// Which of several addresses answers first: happy eyeballs, version 2 (RFC 8305).
//
//   [::1] ──try──────────────────────────▶ (no answer)      cancelled, because
//      127.0.0.1 ──250 ms later, try──▶ connected           this one was faster
//
// Families take turns, so that a broken IPv6 costs one delay and not one for each address. The next
// attempt begins when the delay has passed, or at once when one has failed. The first that succeeds
// wins; the others are cancelled and have ended before the result is given.
//
// Rejected: gather or race over all addresses at once (a host with ten addresses would get ten
// connections, and the order of RFC 6724 would mean nothing); one after another (a silent address
// costs the system's minutes).
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/net/endpoint.hpp>
#include <dwell/net/error.hpp>
#include <dwell/scope/task_group.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/sync/channel.hpp>

namespace dwell::inline v0::net::happy_eyeballs {

/// An address that could not be connected to.
struct failed_attempt {
  endpoint to;
  error why;
};
/// What an attempt ended with; the last is what nobody expects.
template <class Stream>
using outcome = std::variant<Stream, failed_attempt, std::exception_ptr>;

/// The same addresses, those of the two families by turns, the family of the first one first.
[[nodiscard]] DWELL_API std::vector<endpoint> by_turns(const std::vector<endpoint>& preferred);

/// One error for all: the code of the first attempt that failed, and what each of them said.
[[nodiscard]] DWELL_API error all_failed(const std::string& whom,
                                         const std::vector<failed_attempt>& attempts);

template <class Stream, class Dial>
task<outcome<Stream>> attempt(endpoint to, Dial& dial) {
  try {
    co_return co_await dial(to);
  } catch (const error& e) {
    co_return failed_attempt{to, e};
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    co_return std::current_exception();
  }
}

/// Runs the attempts. `dial(endpoint)` gives a task<Stream> and may throw net::error; anything else
/// that it throws ends the race. The line has at least one
/// address. `whom` is for the error's text. Cancelled: every attempt is.
template <class Stream, class Dial>
class race {
 public:
  race(std::vector<endpoint> line, std::chrono::nanoseconds delay, Dial dial)
      : line_(std::move(line)), delay_(delay), dial_(std::move(dial)) {}

  /// Once. Throws net::error when every attempt has failed.
  task<Stream> run(std::string whom) {
    co_await with_task_group([this](task_group& group) { return try_in_turn(group); });
    if (mistake_) std::rethrow_exception(mistake_);
    if (!winner_) throw all_failed(whom, failures_);
    co_return std::move(*winner_);
  }

 private:
  task<> try_in_turn(task_group& group) {
    while (!winner_ && !mistake_ && failures_.size() < line_.size()) {
      if (begun_ < line_.size()) group.spawn(report(line_[begun_++]));
      if (auto ended = co_await next_outcome()) note(std::move(*ended));
    }
    group.cancel("another address was faster");
  }

  // There is room for all: a report never waits, so a cancel cannot lose one.
  task<> report(endpoint to) {
    outcome<Stream> ended = co_await attempt<Stream>(to, dial_);
    (void)ends_.first.try_send(std::move(ended));
  }

  // None when it is time for the next attempt.
  task<std::optional<outcome<Stream>>> next_outcome() {
    if (begun_ == line_.size()) co_return co_await ends_.second.next();
    auto in_time = co_await move_on_after(delay_, ends_.second.next());
    co_return std::move(in_time).value_or(std::nullopt);
  }

  void note(outcome<Stream> ended) {
    if (auto* const failed = std::get_if<failed_attempt>(&ended))
      failures_.push_back(std::move(*failed));
    else if (auto* const mistake = std::get_if<std::exception_ptr>(&ended))
      mistake_ = *mistake;
    else
      winner_.emplace(std::get<Stream>(std::move(ended)));
  }

  const std::vector<endpoint> line_;
  const std::chrono::nanoseconds delay_;
  Dial dial_;
  std::pair<channel_sender<outcome<Stream>>, channel_receiver<outcome<Stream>>> ends_ =
      make_channel<outcome<Stream>>(line_.size() + 1);
  std::size_t begun_ = 0;
  std::vector<failed_attempt> failures_;
  std::exception_ptr mistake_;
  std::optional<Stream> winner_;
};

}  // namespace dwell::inline v0::net::happy_eyeballs
