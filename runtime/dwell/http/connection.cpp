#include <cerrno>
#include <source_location>
#include <utility>
#include <variant>

#include <dwell/http/connection.hpp>
#include <dwell/net/error.hpp>
#include <dwell/scope/race.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

// What the watch reads ahead at most.
constexpr std::size_t watched_bytes = net::default_buffer_size;

// A body up to this goes out with its head, by one write.
constexpr std::size_t joined_at_most = std::size_t{16} * 1024;

bool is_status_error(const std::exception_ptr& error) noexcept {
  try {
    std::rethrow_exception(error);
  } catch (const status_error&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

connection::connection(server& of, net::any_stream& stream, bool is_secure)
    : server_(of),
      stream_(stream),
      is_secure_(is_secure),
      reader_(stream),
      writer_(stream, pace(of.options_.write_time, of.options_.least_rate)) {}

task<> connection::serve() {
  for (;;) {
    std::optional<request_head> head;
    std::optional<status_error> refusal;
    try {
      head = co_await next_head();
    } catch (const status_error& e) {
      refusal = e;
    }
    if (refusal) co_return co_await refuse(*refusal);
    if (!head) co_return co_await close();
    server_.requests_.add();
    const bool goes_on = co_await answer(std::move(*head));
    if (!goes_on) co_return;
  }
}

// ---- The head ----

// Nothing: the client has said goodbye, or is told to.
task<std::optional<request_head>> connection::next_head() {
  const bool begun = co_await has_begun();
  if (!begun) co_return std::nullopt;
  request_parser parser(server_.options_.limits);
  if (!parse(parser)) {
    task<bool> rest = read_rest(parser);
    bool complete = false;
    try {
      complete = co_await timeout(server_.options_.header_time, std::move(rest));
    } catch (const timed_out&) {
      throw status_error(408, "the request did not come in time");
    }
    if (!complete) co_return std::nullopt;
  }
  if (parser.head().wants_https && !is_secure_)
    throw status_error(421, "an address of https is not asked for without TLS");
  co_return std::move(parser.head());
}

task<bool> connection::has_begun() {
  if (!reader_.peek().empty()) co_return true;
  const server_options& o = server_.options_;
  task<> more = fill_or_stop();
  (void)co_await move_on_after(answered_before_ ? o.keep_alive_time : o.header_time,
                               std::move(more));
  co_return !reader_.peek().empty();
}

task<> connection::fill_or_stop() {
  auto first = race(reader_.fill(), server_.stopped());
  (void)co_await std::move(first);
}

// False: the client has left within the head.
task<bool> connection::read_rest(request_parser& parser) {
  for (;;) {
    const std::size_t got = co_await reader_.fill();
    if (got == 0) co_return false;
    if (parse(parser)) co_return true;
  }
}

bool connection::parse(request_parser& parser) {
  net::const_bytes input = reader_.peek();
  const std::size_t before = input.size();
  const bool complete = parser.feed(input);
  reader_.consume(before - input.size());
  return complete;
}

// ---- The answer ----

// Whether the connection waits for another request.
task<bool> connection::answer(request_head head) {
  body_reader body(reader_, writer_, head, server_.options_);
  request asked{.method = std::move(head.method),
                .target = std::move(head.target),
                .minor_version = head.minor_version,
                .headers = std::move(head.headers),
                .body = request_body(body)};
  std::exception_ptr loss;
  auto first = race(respond_or_lose(asked, body, head.keep_alive, loss), watch(body));
  const auto ended = co_await std::move(first);
  if (ended.index() == 1) {
    server_.abandoned_.add();
    co_return false;
  }
  if (loss != nullptr) std::rethrow_exception(loss);
  answered_before_ = true;
  if (std::get<0>(ended)) co_return true;
  co_await close();
  co_return false;
}

// Ends when the client has left, and never otherwise.
task<> connection::watch(body_reader& body) {
  co_await body.end().wait();
  try {
    while (reader_.peek().size() < watched_bytes) {
      const std::size_t got = co_await reader_.fill();
      if (got > 0) continue;
      if (server_.options_.allow_half_close) break;
      co_return;
    }
  } catch (const std::exception&) {  // NOLINT: why it left does not matter
    co_return;
  }
  event never;
  co_await never.wait();
}

// The loss of the connection as a value: the watch may have noticed it first, and an error of who
// loses a race is reported as one that nobody awaits.
task<bool> connection::respond_or_lose(request& asked, body_reader& body, bool keep,
                                       std::exception_ptr& loss) {
  try {
    co_return co_await respond(asked, body, keep);
  } catch (const std::exception&) {
    loss = std::current_exception();
  }
  co_return false;
}

task<bool> connection::respond(request& asked, body_reader& body, bool keep) {
  response what = co_await handle(asked, body);
  keep = keep && !body.owes_continue() && !body.has_failed() && !server_.is_stopping() &&
         !what.headers.has_word("Connection", "close");
  body.answer_begins();
  const bool is_head = asked.method == "HEAD";
  const bool may_chunk = asked.minor_version > 0;
  const head_terms terms{
      .closes = !keep, .may_chunk = may_chunk, .tells_date = server_.options_.tell_date};
  co_await send(what, terms, is_head);
  if (what.stream != nullptr && !is_head) {
    const bool complete = co_await send_stream(*what.stream, body, may_chunk);
    keep = keep && complete;
  }
  if (keep && !body.is_done()) keep = co_await body.drain();
  co_return keep;
}

task<response> connection::handle(request& asked, const body_reader& body) {
  std::exception_ptr error;
  try {
    response made = co_await server_.answer_(asked);
    check_response(made);
    co_return made;
  } catch (...) {
    error = std::current_exception();
  }
  co_await checkpoint();  // it was ours, if we are cancelled
  if (body.has_lost_connection() && !core::is_cancelled(error)) std::rethrow_exception(error);
  co_return answer_to(error);
}

response connection::answer_to(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const status_error& e) {
    return response(e.status(), std::string(e.what()) + '\n');
  } catch (...) {
    note_failure(error);
  }
  return response(500, "internal server error\n");
}

void connection::note_failure(const std::exception_ptr& error) noexcept {
  server_.failed_.add();
  scope::report_unobserved(error, std::source_location::current());
}

task<> connection::send(const response& what, const head_terms& terms, bool is_head) {
  std::string text;
  write_head(text, what, terms);
  const bool has_body = what.stream == nullptr && !is_head;
  const bool joined = what.body.size() <= joined_at_most;
  if (has_body && joined) text += what.body;
  co_await writer_.write(net::bytes_of(text));
  if (has_body && !joined) co_await writer_.write(net::bytes_of(what.body));
}

// Whether it is complete. A body that is not chunked is whole once the connection has ended, so one
// that failed is not given that end: the connection is dropped as it is, and TLS at least tells.
task<bool> connection::send_stream(body_producer& from, const body_reader& body, bool chunked) {
  body_writer out(writer_, chunked);
  std::exception_ptr error;
  try {
    co_await from.produce(out);
  } catch (...) {
    error = std::current_exception();
  }
  co_await checkpoint();  // it was ours, if we are cancelled
  if (error == nullptr && !writer_.is_broken()) {
    if (chunked) co_await writer_.write(net::bytes_of("0\r\n\r\n"));
    co_return true;
  }
  if (error != nullptr && !core::is_cancelled(error)) {
    if (writer_.is_broken() || body.has_lost_connection()) std::rethrow_exception(error);
    if (!is_status_error(error)) note_failure(error);  // else the client's doing
  }
  if (!chunked) throw net::error(ECONNABORTED, "a stream without an end that is marked");
  co_return false;
}

// ---- The end ----

task<> connection::refuse(status_error refusal) {
  server_.refused_.add();
  const response what(refusal.status(), std::string(refusal.what()) + '\n');
  const head_terms terms{.closes = true, .tells_date = server_.options_.tell_date};
  co_await send(what, terms, false);
  co_await close();
}

task<> connection::close() {
  task<> rest = linger();
  (void)co_await move_on_after(server_.options_.linger_time, std::move(rest));
}

task<> connection::linger() {
  try {
    co_await stream_.shutdown_write();
    for (;;) {
      reader_.consume(reader_.peek().size());
      const std::size_t got = co_await reader_.fill();
      if (got == 0) co_return;
    }
  } catch (const std::exception&) {  // NOLINT: everything has been said
  }
}

}  // namespace dwell::inline v0::http
