#include <chrono>
#include <stdexcept>
#include <utility>

#include <dwell/http/client.hpp>
#include <dwell/http/client_core.hpp>
#include <dwell/http/curl_transport.hpp>
#include <dwell/http/redirect.hpp>
#include <dwell/http/syntax.hpp>
#include <dwell/http/url.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/race.hpp>

namespace dwell::inline v0::http {

namespace {

// A redirect's body is read up to here to keep the connection.
constexpr std::size_t most_drained = std::size_t{64} * 1024;

const client_options& checked(const client_options& options) {
  if (options.per_origin == 0 || options.requests == 0 || options.shards == 0)
    throw std::invalid_argument(
        "dwell: client_options: per_origin, requests and shards are at least 1");
  return options;
}

bool always_has_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

wire_request wire_request_of(const client_request& asked, const url& target,
                             const client_options& options, std::int64_t deadline_ns) {
  if (!is_token(asked.method)) throw std::invalid_argument("the method of a request is no token");
  wire_request made{.method = asked.method,
                    .url = target.text(),
                    .origin = target.origin(),
                    .host = target.host(),
                    .port = target.port(),
                    .name = asked.method + " " + target.for_people(),
                    .headers = asked.headers,
                    .limits = asked.limits.value_or(options.limits),
                    .times = asked.times.value_or(options.times),
                    .deadline_ns = deadline_ns};
  made.has_body = asked.stream != nullptr || !asked.body.empty() || always_has_body(asked.method);
  if (!made.has_body) return made;
  made.body_size = asked.stream != nullptr ? asked.stream_size : asked.body.size();
  if (asked.stream == nullptr) made.body = std::make_shared<const std::string>(asked.body);
  return made;
}

[[noreturn]] void refuse(const client_request& asked, const url& from, request_failure reason,
                         std::string_view why) {
  throw request_error(delivery::partial_answer, reason,
                      asked.method + " " + from.for_people() + ": " + std::string(why));
}

// Where to go on; nothing when `answer` is the last one.
std::optional<url> next_place(const client_response& answer, const client_request& asked,
                              const url& from) {
  try {
    return redirected(answer, from);
  } catch (const std::invalid_argument& nowhere) {
    refuse(asked, from, request_failure::malformed, std::string("redirected to ") + nowhere.what());
  }
}

task<> upload(any_source& from, exchange& to) {
  std::string room(std::size_t{64} * 1024, '\0');
  const net::bytes all = std::as_writable_bytes(std::span(room));
  for (;;) {
    const std::size_t got = co_await from.read_some(all);
    if (got == 0) co_return to.finish_sending();
    const bool wanted = co_await to.send(all.first(got));
    if (!wanted) co_return;
  }
}

// The answer ends the upload, wherever that waits: the server has seen enough. Who loses a race
// loses its result too, so nobody takes the answer in it.
task<answer_head> answered_while_uploading(any_source& from, exchange& with) {
  auto both = race(with.answer_comes(), upload(from, with));
  (void)co_await std::move(both);
  co_return co_await with.answered();
}

task<> drain(client_response answer) {
  for (std::size_t read = 0; read < most_drained;) {
    const std::string part = co_await answer.next();
    if (part.empty()) co_return;
    read += part.size();
  }
}

task<client_response> send_once(std::shared_ptr<client_core> core, client_request& asked,
                                const url& target, std::int64_t deadline_ns) {
  wire_request wire = wire_request_of(asked, target, core->options, deadline_ns);
  std::unique_ptr<request_pool::place> place = co_await core->pool.enter(wire);
  std::shared_ptr<exchange> begun = co_await core->through->begin(std::move(wire));
  auto with = std::make_unique<client_exchange>(core, std::move(place), std::move(begun));
  answer_head head;
  if (asked.stream == nullptr)
    head = co_await (*with)->answered();
  else
    head = co_await answered_while_uploading(*asked.stream, **with);
  co_return client_response(head.status, std::move(head.headers), target.text(), std::move(with));
}

task<client_response> send_on(std::shared_ptr<client_core> core, client_request asked) {
  const request_times times = asked.times.value_or(core->options.times);
  const std::int64_t deadline = os::deadline_after(os::now_ns(), times.total);
  url target = url::parse(asked.url);
  for (unsigned followed = 0;; ++followed) {
    client_response answer = co_await send_once(core, asked, target, deadline);
    if (core->options.redirects == 0) co_return answer;
    const std::optional<url> next = next_place(answer, asked, target);
    if (!next) co_return answer;
    if (followed == core->options.redirects)
      refuse(asked, target, request_failure::too_many_redirects,
             "more than " + std::to_string(followed) + " redirects");
    redirect(asked, answer.status, target, *next);
    if (asked.stream != nullptr) co_return answer;
    co_await drain(std::move(answer));
    target = *next;
  }
}

}  // namespace

client::client(const client_options& options)
    : client(std::make_shared<curl_transport>(checked(options)), options) {}

client::client(std::shared_ptr<transport> through, const client_options& options)
    : core_(new client_core{checked(options), std::move(through), request_pool(options)}) {}

client::~client() = default;

task<client_response> client::send(client_request asked) {
  return send_on(core_, std::move(asked));
}

task<client_response> client::get(std::string url) {
  return send(client_request("GET", std::move(url)));
}

task<client_response> client::post(std::string url, std::string body, std::string type) {
  return send(client_request("POST", std::move(url)).with_body(std::move(body), type));
}

}  // namespace dwell::inline v0::http
