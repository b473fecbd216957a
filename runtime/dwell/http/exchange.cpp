#include <algorithm>
#include <chrono>
#include <cstring>
#include <new>
#include <utility>

#include <dwell/http/exchange.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

// What either side may be ahead of the other: several of a transport's pieces.
constexpr std::size_t window = std::size_t{256} * 1024;

// How a failure reads without memory for its text.
std::exception_ptr failure_of(const wire_request& asked, delivery how_far, request_failure reason,
                              std::string_view detail) noexcept {
  try {
    std::string text = asked.name;
    text.append(": ").append(in_words(how_far)).append(": ").append(detail);
    return std::make_exception_ptr(request_error(how_far, reason, text));
  } catch (...) {
    return std::current_exception();
  }
}

}  // namespace

exchange::exchange(wire_request asked) : asked_(std::move(asked)), since_ns_(os::now_ns()) {}
exchange::~exchange() = default;

// ---- The client ----

task<> exchange::answer_comes() {
  while (!has_head()) {
    const deadline limit = limit_for_head();
    co_await wait(answer_moved_, limit);
  }
}

task<answer_head> exchange::answered() {
  co_await answer_comes();
  co_return take_head();
}

task<std::size_t> exchange::read_some(net::bytes to) {
  std::size_t count = 0;
  const auto copy = [&] {
    count = std::min(to.size(), unread());
    std::memcpy(to.data(), arrived_.data() + read_, count);
    read_ += count;
  };
  const deadline limit = idle_limit();
  for (;;) {
    if (to.empty() || take_body(copy)) co_return count;
    co_await wait(answer_moved_, limit);
  }
}

task<std::string> exchange::read_piece() {
  std::string piece;
  const auto move = [&] {
    piece = std::exchange(arrived_, {});
    piece.erase(0, std::exchange(read_, 0));
  };
  const deadline limit = idle_limit();
  while (!take_body(move)) co_await wait(answer_moved_, limit);
  co_return piece;
}

task<bool> exchange::send(net::const_bytes from) {
  while (!from.empty()) {
    const net::const_bytes piece = from.first(std::min(from.size(), window));
    const deadline limit = idle_limit();
    placed how = place(piece);
    while (how == placed::no_room) {
      co_await wait(sending_moved_, limit);
      how = place(piece);
    }
    if (how == placed::unwanted) co_return false;
    from = from.subspan(piece.size());
  }
  co_return true;
}

void exchange::finish_sending() noexcept {
  bool wakes = false;
  {
    const os::lock_guard guard(lock_);
    all_given_ = true;
    wakes = std::exchange(starved_, false);
  }
  if (wakes) go_on();
}

void exchange::call_off() noexcept {
  {
    const os::lock_guard guard(lock_);
    if (called_off_ || phase_ == phase::ended) return;
    called_off_ = true;
  }
  stop();
}

bool exchange::has_ended() const noexcept {
  const os::lock_guard guard(lock_);
  return phase_ == phase::ended;
}

std::string_view exchange::doing() const noexcept {
  const os::lock_guard guard(lock_);
  switch (phase_) {
    case phase::connecting:
      return "connecting";
    case phase::sending:
      return "sending";
    case phase::waiting:
      return "waiting for the answer";
    case phase::receiving:
      return unread() == 0 ? "receiving" : "not reading its answer";
    case phase::ended:
      break;
  }
  return "ended";
}

// ---- Limits ----

// While the body goes out each piece has its time anew; what arrived meanwhile changes nothing.
exchange::deadline exchange::limit_for_head() const noexcept {
  const os::lock_guard guard(lock_);
  const auto after = [this](std::chrono::nanoseconds limit, const char* what) {
    const std::int64_t at = os::deadline_after(since_ns_, limit);
    return at < asked_.deadline_ns ? deadline{at, what} : deadline{asked_.deadline_ns, "total"};
  };
  if (phase_ == phase::connecting) return after(asked_.times.connect, "connect");
  if (phase_ == phase::sending) return after(asked_.times.idle, "idle");
  return after(asked_.times.first_byte, "first byte");
}

exchange::deadline exchange::idle_limit() const noexcept {
  const std::int64_t at = os::deadline_after(os::now_ns(), asked_.times.idle);
  return at < asked_.deadline_ns ? deadline{at, "idle"} : deadline{asked_.deadline_ns, "total"};
}

// Returns for the caller to look again: something happened, or the time is over. When it was over
// before the wait, nothing came in it, and the exchange fails: the next look finds that.
task<> exchange::wait(auto_reset_event& happened, deadline limit) {
  const std::int64_t now = os::now_ns();
  if (now < limit.at_ns) {
    const std::chrono::nanoseconds left(limit.at_ns == os::never_ns ? INT64_MAX
                                                                    : limit.at_ns - now);
    auto waiting = move_on_after(left, happened.wait());
    (void)co_await std::move(waiting);
    co_return;
  }
  fail(request_failure::timed_out, std::string("nothing came within the limit of ") + limit.what);
  stop();
}

// ---- What the client takes and gives ----

bool exchange::has_head() const {
  const os::lock_guard guard(lock_);
  if (!head_ && failure_ != nullptr) std::rethrow_exception(failure_);
  return head_.has_value();
}

answer_head exchange::take_head() noexcept {
  const os::lock_guard guard(lock_);
  answer_head taken = *std::move(head_);
  head_.reset();
  return taken;
}

// Calls `take`, under the lock, when there is something unread. False: there will be, later.
template <class Take>
bool exchange::take_body(Take take) {
  bool wakes = false;
  {
    const os::lock_guard guard(lock_);
    if (unread() == 0) {
      if (failure_ != nullptr) std::rethrow_exception(failure_);
      return phase_ == phase::ended;
    }
    take();
    if (unread() == 0) {
      arrived_.clear();
      read_ = 0;
    }
    if (unread() <= window / 2) wakes = std::exchange(held_back_, false);
  }
  if (wakes) go_on();
  return true;
}

exchange::placed exchange::place(net::const_bytes from) {
  bool wakes = false;
  {
    const os::lock_guard guard(lock_);
    if (answered_) return placed::unwanted;  // also when the connection broke behind the answer
    if (failure_ != nullptr) std::rethrow_exception(failure_);
    if (phase_ == phase::ended) return placed::unwanted;
    if (sent_ == outgoing_.size()) {
      outgoing_.clear();
      sent_ = 0;
    }
    if (!outgoing_.empty() && outgoing_.size() + from.size() > window) return placed::no_room;
    outgoing_.append(net::text_of(from));
    wakes = std::exchange(starved_, false);
  }
  if (wakes) go_on();
  return placed::yes;
}

// ---- The transport ----

void exchange::note_connected() noexcept {
  const os::lock_guard guard(lock_);
  connected_ = true;
  if (phase_ != phase::connecting) return;
  phase_ = asked_.has_body ? phase::sending : phase::waiting;
  since_ns_ = os::now_ns();
  answer_moved_.set();
}

void exchange::note_sent() noexcept {
  if (phase_ != phase::sending) return;
  phase_ = phase::waiting;
  answer_moved_.set();
}

void exchange::note_answer_begins() noexcept {
  const os::lock_guard guard(lock_);
  answer_begun_ = true;
}

void exchange::give_head(answer_head head) noexcept {
  const os::lock_guard guard(lock_);
  if (phase_ == phase::ended || answered_) return;
  answered_ = true;
  head_ = std::move(head);
  phase_ = phase::receiving;
  answer_moved_.set();
  sending_moved_.set();
}

exchange::room exchange::give_body(net::const_bytes part) {
  const os::lock_guard guard(lock_);
  if (called_off_ || phase_ == phase::ended) return room::taken;
  if (part.size() > asked_.limits.body - received_) return room::too_much;
  if (unread() > 0 && unread() + part.size() > window) {
    held_back_ = true;
    return room::none;
  }
  if (read_ > 0 && arrived_.size() + part.size() > 2 * window) {
    arrived_.erase(0, read_);
    read_ = 0;
  }
  arrived_.append(net::text_of(part));
  received_ += part.size();
  answer_moved_.set();
  return room::taken;
}

exchange::outgoing exchange::take_outgoing(net::bytes to) noexcept {
  const os::lock_guard guard(lock_);
  const std::string& from = asked_.body != nullptr ? *asked_.body : outgoing_;
  outgoing taken;
  taken.count = std::min(to.size(), from.size() - sent_);
  if (taken.count > 0) std::memcpy(to.data(), from.data() + sent_, taken.count);
  sent_ += taken.count;
  taken.complete = sent_ == from.size() && (asked_.body != nullptr || all_given_);
  starved_ = taken.count == 0 && !taken.complete;
  since_ns_ = os::now_ns();
  if (taken.complete) note_sent();
  sending_moved_.set();
  return taken;
}

bool exchange::rewind() noexcept {
  const os::lock_guard guard(lock_);
  if (asked_.body != nullptr) sent_ = 0;
  return asked_.body != nullptr;
}

void exchange::end() noexcept {
  const os::lock_guard guard(lock_);
  phase_ = phase::ended;
  answer_moved_.set();
  sending_moved_.set();
}

void exchange::fail(request_failure reason, std::string_view detail) noexcept {
  const os::lock_guard guard(lock_);
  if (phase_ == phase::ended) return;
  failure_ = failure_of(asked_, how_far(), reason, detail);
  phase_ = phase::ended;
  answer_moved_.set();
  sending_moved_.set();
}

delivery exchange::how_far() const noexcept {
  if (answer_begun_) return delivery::partial_answer;
  return connected_ ? delivery::no_answer : delivery::nothing_sent;
}

}  // namespace dwell::inline v0::http
