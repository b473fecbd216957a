// A gateway before a model server: it passes questions on and answers back, word by word, and lets
// each tenant have so many at a time. A client that leaves takes its request with it: the model
// stops writing.
//
//   $ ./14_gateway                                    tries itself out
//   $ ./14_gateway http://127.0.0.1:11434/v1 8080     serves until Ctrl-C
//
// A tenant is whoever shows a key; the gateway has one of its own for the server behind.
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>
#include <dwell/http/server.hpp>
#include <dwell/llm/model.hpp>
#include <dwell/net/tcp.hpp>

#include "mock_llm.hpp"

namespace {

using namespace std::chrono_literals;
namespace http = dwell::http;
namespace llm = dwell::llm;
namespace net = dwell::net;

constexpr dwell::limiter_options places{.capacity = 100, .per_key = 2, .queue = 1'000};

class gateway {
 public:
  gateway(std::string upstream, llm::secret key)
      : upstream_(std::move(upstream)), key_(std::move(key)) {}

  [[nodiscard]] http::handler handler() {
    return [this](http::request& asked) { return answer(asked); };
  }

 private:
  dwell::task<http::response> answer(http::request& asked) {
    const std::string tenant(asked.headers.get("Authorization").value_or("nobody"));
    dwell::limiter::slot slot;
    try {
      slot = co_await limiter_.acquire(tenant);
    } catch (const dwell::limiter_full&) {
      throw http::status_error(429, "too many questions wait");
    }
    std::string body = co_await body_of(asked);
    http::client_request request = passed_on(std::move(body));
    http::client_response answer = co_await client_.send(std::move(request));
    co_return passed_back(std::move(answer), std::move(slot));
  }

  static dwell::task<std::string> body_of(http::request& asked) {
    if (asked.method != "POST" || asked.path() != "/v1/chat/completions")
      throw http::status_error(404, "only POST /v1/chat/completions is here");
    co_return co_await asked.body.read_all();
  }

  [[nodiscard]] http::client_request passed_on(std::string body) const {
    http::client_request request("POST", upstream_ + "/chat/completions");
    request.body = std::move(body);
    request.headers.set("Content-Type", "application/json");
    if (!key_.empty()) request.headers.set("Authorization", "Bearer " + std::string(key_.reveal()));
    return request;
  }

  static dwell::task<> pass_on_words(http::client_response& from, http::body_writer& to) {
    for (;;) {
      const std::string part = co_await from.next();
      if (part.empty()) co_return;
      co_await to.write(part);
    }
  }

  // The answer and the tenant's place live until the last word has been passed on, or the client
  // has left: then this is destroyed, and with it the connection to the server behind.
  static http::response passed_back(http::client_response from, dwell::limiter::slot slot) {
    const int status = from.status;
    const std::string type(from.headers.get("Content-Type").value_or("application/json"));
    http::fields when;  // it may be asked again
    for (const char* const name : {"Retry-After", "retry-after-ms"})
      if (const auto value = from.headers.get(name)) when.add(name, *value);
    auto pump = [from = std::move(from), slot = std::move(slot)](http::body_writer& out) mutable {
      return pass_on_words(from, out);
    };
    http::response made = http::response::streamed(std::move(pump), type);
    made.status = status;
    for (const http::field& f : when) made.headers.add(f.name, f.value);
    return made;
  }

  const std::string upstream_;
  const llm::secret key_;
  dwell::limiter limiter_{places};
  http::client client_;
};

// ---- Serving ----

dwell::task<> serve(std::string upstream, std::uint16_t port) {
  gateway g(std::move(upstream), llm::secret::from_environment("OPENAI_API_KEY"));
  http::server server(g.handler());
  auto listener = net::tcp_listener::bind(net::endpoint::loopback(port));
  std::printf("listening on http://%s/v1\n", listener.local().to_string().c_str());
  std::fflush(stdout);
  const dwell::signal_set stop{SIGTERM, SIGINT};
  (void)co_await dwell::until_signal(stop, server.run(listener));
}

// ---- Trying itself out ----

dwell::task<std::string> ask(std::string url, std::string tenant, bool leaves) {
  const llm::model model({.base_url = url, .model = "haiku", .key = llm::secret(tenant)});
  llm::completion_stream words = co_await model.stream("tell me a story");
  std::string heard;
  while (const auto piece = co_await words.next()) {
    heard += piece->text;
    if (leaves) break;
  }
  co_return heard;
}

mock_llm::behaviour story() {
  mock_llm::behaviour how = mock_llm::thinking(5ms);
  how.says = [](const mock_llm::question&) { return "once upon a time"; };
  return how;
}
// Takes hours: only who leaves ends it.
mock_llm::behaviour long_story() {
  mock_llm::behaviour how = story();
  how.per_token = 1h;
  return how;
}

// Two tenants with ten questions each; the model sees two of each at a time, and no more.
dwell::task<bool> shares(std::string url, mock_llm::server& model) {
  std::vector<dwell::task<std::string>> all;
  for (int i = 0; i < 20; ++i) all.push_back(ask(url, i % 2 == 0 ? "ada" : "bob", false));
  const std::vector<std::string> heard = co_await dwell::gather(std::move(all));
  bool right = model.seen().most_inside <= 4;
  for (const std::string& story : heard) right = right && story == "once upon a time";
  std::printf("20 stories, %d at once at most\n", model.seen().most_inside.load());
  co_return right;
}

// Who has heard the first word leaves, and the model stops in the middle of its hour.
dwell::task<bool> cancels(std::string url, mock_llm::server& model) {
  const std::string heard = co_await ask(url, "ada", true);
  while (model.seen().inside != 0) co_await dwell::sleep_for(1ms);
  std::printf("one listener left after \"%s\", and the model stopped\n", heard.c_str());
  co_return heard == "once";
}

template <class Trial>
dwell::task<bool> with_gateway(mock_llm::behaviour how, Trial trial) {
  mock_llm::server model(std::move(how));
  bool right = false;
  {
    gateway g(model.url(), llm::secret());
    http::server server(g.handler());
    auto listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    auto serving = dwell::spawn(server.run(listener));
    right = co_await trial("http://" + listener.local().to_string() + "/v1", model);
    server.stop();
    co_await serving;
  }
  co_await model.stop();
  co_return right;
}

dwell::task<bool> try_out() {
  const bool shared = co_await with_gateway(story(), &shares);
  const bool cancelled = co_await with_gateway(long_story(), &cancels);
  co_return (shared && cancelled);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return dwell::run(try_out()) ? 0 : 1;
  dwell::run(serve(argv[1], static_cast<std::uint16_t>(argc > 2 ? std::atoi(argv[2]) : 8080)));
}
