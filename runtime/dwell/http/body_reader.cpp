#include <algorithm>
#include <memory>
#include <utility>

#include <dwell/http/body_reader.hpp>
#include <dwell/http/status.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::size_t drained_at_once = std::size_t{16} * 1024;

}  // namespace

body_reader::body_reader(connection_reader& from, paced_writer& to, const request_head& head,
                         const server_options& options)
    : from_(from),
      to_(to),
      options_(options),
      framing_(head.body),
      chunks_(options.limits),
      pace_(options.body_time, options.least_rate),
      left_(head.length),
      owes_continue_(head.expects_continue) {
  if (framing_ == framing::chunked || left_ > 0) return;
  owes_continue_ = false;  // nothing is waited for
  finish();
}

task<std::size_t> body_reader::read_some(net::bytes to) {
  co_await checkpoint();
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  if (done_ || to.empty()) co_return 0;
  try {
    task<std::size_t> some = read_in_time(to);
    co_return co_await std::move(some);
  } catch (const status_error&) {
    failure_ = std::current_exception();
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    lost_connection_ = true;
  }
  std::rethrow_exception(failure_);
}

task<std::size_t> body_reader::read_in_time(net::bytes to) {
  if (std::exchange(owes_continue_, false) && from_.peek().empty())
    co_await to_.write(net::bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
  task<std::size_t> some = read(to);
  try {
    const std::size_t got = co_await timeout(pace_.begin(), std::move(some));
    pace_.end(got);
    co_return got;
  } catch (const timed_out&) {
    throw status_error(408, "the body did not come in time");
  }
}

task<std::size_t> body_reader::read(net::bytes to) {
  if (framing_ == framing::chunked) {
    co_await read_framing();
    if (done_) co_return 0;
  }
  const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), left()));
  const std::size_t got = co_await from_.read_some(to.first(most));
  if (got == 0) throw net::unexpected_end("the client ended the connection within a body");
  took(got);
  co_return got;
}

// Until data come, or the end.
task<> body_reader::read_framing() {
  while (chunks_.left() == 0 && !chunks_.is_done()) {
    if (from_.peek().empty()) {
      const std::size_t got = co_await from_.fill();
      if (got == 0) throw net::unexpected_end("the client ended the connection within a body");
    }
    net::const_bytes input = from_.peek();
    const std::size_t before = input.size();
    chunks_.feed(input);
    from_.consume(before - input.size());
  }
  if (chunks_.is_done()) finish();
}

std::uint64_t body_reader::left() const noexcept {
  return framing_ == framing::chunked ? chunks_.left() : left_;
}

void body_reader::took(std::size_t count) noexcept {
  if (framing_ == framing::chunked) return chunks_.took(count);
  left_ -= count;
  if (left_ == 0) finish();
}

void body_reader::finish() noexcept {
  done_ = true;
  end_.set();
}

task<bool> body_reader::drain() {
  task<> rest = skip();
  try {
    (void)co_await move_on_after(options_.body_time, std::move(rest));
  } catch (const status_error&) {  // NOLINT: nobody reads this body, and its answer is sent
  }
  co_return done_;
}

task<> body_reader::skip() {
  const auto room = std::make_unique_for_overwrite<std::byte[]>(drained_at_once);
  std::size_t drained = 0;
  while (!done_ && drained <= options_.most_drained) {
    task<std::size_t> some = read_some(net::bytes(room.get(), drained_at_once));
    drained += co_await std::move(some);
  }
}

}  // namespace dwell::inline v0::http
