// A model server without a model: OpenAI's wire format, settable latencies, and every trouble that
// real ones have. For examples, tests and benchmarks; mock_llm.cpp is the program around it.
//
//   mock_llm::server server(mock_llm::thinking(500ms));
//   llm::model model({.base_url = server.url(), .model = "haiku"});
//   ...
//   co_await server.stop();
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/net/tcp.hpp>

namespace mock_llm {

using json = nlohmann::json;

enum class fault : std::uint8_t { none, refused, overloaded, failed, cut, malformed };

/// What one is asked, as far as it listens.
struct question {
  std::string model;
  std::string prompt;  // the last message
  bool streamed = false;
  bool has_tools = false;  // and no result of one yet
};

/// Of a tool, that the model asks for.
struct call {
  std::string name;
  std::string arguments;  // JSON
};

/// How the server behaves. A chance is a number from 0 (never) to 1 (always).
struct behaviour {
  std::chrono::nanoseconds first_token{};  // until the first word, and
  std::chrono::nanoseconds jitter{};       // up to so much more
  std::chrono::nanoseconds per_token{};    // between one and the next
  double refuse = 0;                       // 429, with Retry-After
  double overload = 0;                     // 503
  double fail = 0;                         // 500
  double cut = 0;                          // the connection ends in the middle of the answer
  double malformed = 0;                    // what comes is no JSON
  std::chrono::milliseconds retry_after{10};
  /// Whoever shows another key is refused by a 401; "" lets everybody in.
  std::string key{};
  /// What it answers who has tools, until it sees a result.
  std::vector<call> calls{};
  /// What happens to the first requests, whatever the chances.
  std::vector<fault> script{};
  std::function<std::string(const question&)> says = [](const question& asked) {
    return asked.model + " replied";
  };
};

/// One that is only slow.
inline behaviour thinking(std::chrono::nanoseconds first_token,
                          std::chrono::nanoseconds jitter = {}) {
  behaviour how;
  how.first_token = first_token;
  how.jitter = jitter;
  return how;
}

/// What happened until now; read it at any time.
struct counts {
  std::atomic<int> requests{0};
  std::atomic<int> inside{0};
  std::atomic<int> most_inside{0};
  std::atomic<int> answered{0};
};

/// An answer that is none.
struct refusal {
  int status = 0;
  std::string body{};
  std::chrono::milliseconds retry_after{};
};

/// A request that is being answered: counted, whichever way it ends.
class visit {
 public:
  explicit visit(counts& of) : of_(&of) {
    ++of.requests;
    const int inside = ++of.inside;
    for (int most = of.most_inside; inside > most;)
      if (of.most_inside.compare_exchange_weak(most, inside)) break;
  }
  visit(visit&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  visit& operator=(visit&&) = delete;
  ~visit() {
    if (of_ != nullptr) --of_->inside;
  }
  void answered() const { ++of_->answered; }

 private:
  counts* of_;
};

/// The answers, without a server around them.
class service {
 public:
  explicit service(behaviour how) : how_(std::move(how)) {}

  [[nodiscard]] const behaviour& how() const { return how_; }
  [[nodiscard]] counts& seen() { return seen_; }

  [[nodiscard]] std::chrono::nanoseconds thinking_time() const {
    return how_.first_token + dwell::random_duration({}, how_.jitter);
  }

  [[nodiscard]] fault next_fault() {
    const auto turn = static_cast<std::size_t>(turn_++);
    if (turn < how_.script.size()) return how_.script[turn];
    double drawn = static_cast<double>(dwell::random_duration({}, nanoseconds(999'999)).count());
    for (const auto& [chance, what] :
         {std::pair(how_.refuse, fault::refused), std::pair(how_.overload, fault::overloaded),
          std::pair(how_.fail, fault::failed), std::pair(how_.cut, fault::cut),
          std::pair(how_.malformed, fault::malformed)}) {
      drawn -= chance * 1e6;
      if (drawn < 0) return what;
    }
    return fault::none;
  }

  /// Throws http::status_error for what is no question.
  [[nodiscard]] static question read(const std::string& body) {
    const json all = json::parse(body, nullptr, false);
    if (!all.is_object() || !all.contains("messages") || all["messages"].empty())
      throw dwell::http::status_error(400, "no question");
    try {
      const json& last = all["messages"].back();
      return {.model = all.value("model", ""),
              .prompt = text_of(last.value("content", json())),
              .streamed = all.value("stream", false),
              .has_tools = all.contains("tools") && last.value("role", "") != "tool"};
    } catch (const json::exception& wrong_type) {
      throw dwell::http::status_error(400, wrong_type.what());
    }
  }

  [[nodiscard]] bool lets_in(std::string_view authorization) const {
    return how_.key.empty() || authorization == "Bearer " + how_.key;
  }

  [[nodiscard]] std::vector<call> calls_for(const question& asked) const {
    return asked.has_tools ? how_.calls : std::vector<call>();
  }
  /// None when it has calls.
  [[nodiscard]] std::vector<std::string> words_for(const question& asked) const {
    std::vector<std::string> words;
    if (!calls_for(asked).empty()) return words;
    for (const char c : how_.says(asked)) {
      if (words.empty() || c == ' ') words.emplace_back();
      words.back() += c;
    }
    return words;
  }

  [[nodiscard]] static std::string whole(const question& asked,
                                         const std::vector<std::string>& words,
                                         const std::vector<call>& calls = {}) {
    std::string text;
    for (const std::string& word : words) text += word;
    json message{{"role", "assistant"}, {"content", text}};
    for (const call& c : calls) message["tool_calls"].push_back(begun(c, c.arguments));
    json all = envelope(asked, "chat.completion");
    all["choices"] = {{{"index", 0}, {"message", message}, {"finish_reason", end_of(calls)}}};
    all["usage"] = usage(asked, words);
    return all.dump();
  }

  /// Events of a stream: a word, a call in two pieces, the end and (without choices) what it took.
  [[nodiscard]] static std::string word_event(const question& asked, const std::string& word) {
    return event(asked, {{{"index", 0}, {"delta", {{"role", "assistant"}, {"content", word}}}}});
  }
  [[nodiscard]] static std::string last_events(const question& asked,
                                               const std::vector<std::string>& words,
                                               const std::vector<call>& calls = {}) {
    std::string text;
    for (std::size_t i = 0; i < calls.size(); ++i) text += call_events(asked, i, calls[i]);
    const json stop{{"index", 0}, {"delta", json::object()}, {"finish_reason", end_of(calls)}};
    text += event(asked, json::array({stop})) + event(asked, json::array(), usage(asked, words));
    dwell::http::sse::write_event(text, {.data = "[DONE]"});
    return text;
  }

  /// What is answered instead; nothing unless `what` refuses.
  [[nodiscard]] std::optional<refusal> refusal_for(fault what) const {
    if (what == fault::refused)
      return refusal{429, error_body("rate_limit_error", "slow down"), how_.retry_after};
    if (what == fault::overloaded) return refusal{503, error_body("server_error", "too much")};
    if (what == fault::failed) return refusal{500, error_body("server_error", "something broke")};
    return std::nullopt;
  }
  [[nodiscard]] static refusal wrong_key() {
    return {401, error_body("invalid_request_error", "Incorrect API key provided")};
  }
  /// Neither an answer nor a piece of one.
  static constexpr std::string_view nonsense = "data: {\"choices\":[{\n\n";

 private:
  using nanoseconds = std::chrono::nanoseconds;

  static std::string error_body(std::string_view type, std::string_view message) {
    return json{{"error", {{"type", type}, {"message", message}}}}.dump();
  }
  static json envelope(const question& asked, std::string_view object) {
    return {{"id", "mock"}, {"object", object}, {"model", asked.model}};
  }
  static json usage(const question& asked, const std::vector<std::string>& words) {
    const std::size_t input = asked.prompt.size() / 4 + 1;
    return {{"prompt_tokens", input},
            {"completion_tokens", words.size()},
            {"total_tokens", input + words.size()}};
  }
  // Content is a text, parts of which some have a text, or null beside calls.
  static std::string text_of(const json& content) {
    if (content.is_string()) return content;
    std::string text;
    if (content.is_array())
      for (const json& part : content) text += part.value("text", "");
    return text;
  }
  static std::string_view end_of(const std::vector<call>& calls) {
    return calls.empty() ? "stop" : "tool_calls";
  }
  static json begun(const call& c, std::string_view arguments) {
    return {{"id", "call_" + c.name},
            {"type", "function"},
            {"function", {{"name", c.name}, {"arguments", arguments}}}};
  }
  static std::string call_events(const question& asked, std::size_t index, const call& c) {
    const std::size_t half = c.arguments.size() / 2;
    json first = begun(c, c.arguments.substr(0, half));
    json rest{{"function", {{"arguments", c.arguments.substr(half)}}}};
    std::string text;
    for (json* piece : {&first, &rest}) {
      (*piece)["index"] = index;
      const json delta{{"role", "assistant"}, {"tool_calls", json::array({*piece})}};
      text += event(asked, {{{"index", 0}, {"delta", delta}}});
    }
    return text;
  }
  static std::string event(const question& asked, json choices, const json& took = nullptr) {
    json chunk = envelope(asked, "chat.completion.chunk");
    chunk["choices"] = std::move(choices);
    if (!took.is_null()) chunk["usage"] = took;
    const std::string data = chunk.dump();
    std::string text;
    dwell::http::sse::write_event(text, {.data = data});
    return text;
  }

  const behaviour how_;
  counts seen_;
  std::atomic<int> turn_{0};
};

/// The service as a handler of an HTTP server.
class handler {
 public:
  explicit handler(service& from) : from_(&from) {}

  dwell::task<dwell::http::response> operator()(dwell::http::request& asked) const {
    return answer(*from_, asked);
  }

 private:
  using response = dwell::http::response;

  static dwell::task<response> answer(service& from, dwell::http::request& asked) {
    if (!asked.path().ends_with("/chat/completions"))
      throw dwell::http::status_error(404, "only /v1/chat/completions is here");
    visit inside(from.seen());
    if (!from.lets_in(asked.headers.get("Authorization").value_or("")))
      co_return as_response(service::wrong_key());
    const std::string body = co_await asked.body.read_all();
    question q = service::read(body);
    const fault what = from.next_fault();
    if (const auto refusal = from.refusal_for(what)) co_return as_response(*refusal);
    const bool streamed = q.streamed;
    auto write = [&from, q = std::move(q), what, inside = std::move(inside)](
                     dwell::http::body_writer& out) { return produce(from, q, what, inside, out); };
    co_return response::streamed(std::move(write),
                                 streamed ? "text/event-stream" : "application/json");
  }

  static response as_response(const refusal& what) {
    response made(what.status, what.body, "application/json");
    if (what.retry_after > what.retry_after.zero())
      made.headers.add("retry-after-ms", std::to_string(what.retry_after.count()));
    return made;
  }

  static dwell::task<> produce(service& from, const question& asked, fault what,
                               const visit& inside, dwell::http::body_writer& out) {
    const std::vector<std::string> words = from.words_for(asked);
    const std::vector<call> calls = from.calls_for(asked);
    co_await dwell::sleep_for(from.thinking_time());
    if (what == fault::malformed) co_return co_await out.write(service::nonsense);
    for (const std::string& word : words) {
      if (&word != &words.front()) co_await dwell::sleep_for(from.how().per_token);
      const std::string event = service::word_event(asked, word);
      if (asked.streamed) co_await out.write(event);
      if (what == fault::cut) throw dwell::http::status_error(500, "cut");
    }
    inside.answered();
    const std::string rest = asked.streamed ? service::last_events(asked, words, calls)
                                            : service::whole(asked, words, calls);
    co_await out.write(rest);
  }

  service* from_;
};

/// Serves on a port of this machine until stop(), which must be awaited.
class server {
 public:
  explicit server(behaviour how = {}, std::uint16_t port = 0)
      : service_(std::move(how)),
        listener_(dwell::net::tcp_listener::bind(dwell::net::endpoint::loopback(port))),
        server_(handler(service_), options()),
        running_(dwell::spawn(server_.run(listener_))) {}

  /// What a client takes for its base URL.
  [[nodiscard]] std::string url() const {
    return "http://" + listener_.local().to_string() + "/v1";
  }
  [[nodiscard]] counts& seen() { return service_.seen(); }
  /// Since it began.
  [[nodiscard]] std::uint64_t connections() const { return server_.statistics().connections; }

  dwell::task<> stop() {
    server_.stop();
    co_await running_;
  }

 private:
  static dwell::http::server_options options() {
    dwell::http::server_options o;
    o.most_connections = 10'000;
    // A client that keeps its connections does not notice that the server has ended them.
    o.linger_time = std::chrono::milliseconds(1);
    return o;
  }

  service service_;
  dwell::net::tcp_listener listener_;
  dwell::http::server server_;
  dwell::join_handle<> running_;
};

}  // namespace mock_llm
