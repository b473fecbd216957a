// A server that speaks OpenAI's chat completions and has no model: for trying out clients, and how
// they take what real servers do to them.
//
//   $ ./mock_llm --port 8000 --first-token-ms 500 --per-token-ms 20 --refuse 0.1 --cut 0.01
//   listening on http://127.0.0.1:8000/v1
//
//   $ curl http://127.0.0.1:8000/v1/chat/completions -d '{"messages": [{"content": "hello"}]}'
//
// Ctrl-C or SIGTERM ends it.
#include "mock_llm.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <dwell/dwell.hpp>

namespace {

struct options {
  mock_llm::behaviour how{};
  std::uint16_t port = 0;
};

struct flag {
  std::string_view name;
  const char* what;
  void (*set)(options&, double);
};

std::chrono::microseconds ms(double n) { return std::chrono::microseconds(std::int64_t(n * 1e3)); }

constexpr flag flags[] = {
    {"--port", "0 for any that is free",
     [](options& o, double n) { o.port = static_cast<std::uint16_t>(n); }},
    {"--first-token-ms", "until the first word",
     [](options& o, double n) { o.how.first_token = ms(n); }},
    {"--jitter-ms", "up to so much more", [](options& o, double n) { o.how.jitter = ms(n); }},
    {"--per-token-ms", "between two words", [](options& o, double n) { o.how.per_token = ms(n); }},
    {"--refuse", "chance of a 429", [](options& o, double p) { o.how.refuse = p; }},
    {"--retry-after-ms", "what a 429 asks for",
     [](options& o, double n) { o.how.retry_after = std::chrono::milliseconds(std::int64_t(n)); }},
    {"--overload", "chance of a 503", [](options& o, double p) { o.how.overload = p; }},
    {"--fail", "chance of a 500", [](options& o, double p) { o.how.fail = p; }},
    {"--cut", "chance of half an answer", [](options& o, double p) { o.how.cut = p; }},
    {"--malformed", "chance of nonsense", [](options& o, double p) { o.how.malformed = p; }},
};

[[noreturn]] void explain() {
  std::puts("usage: mock_llm [flag number]...");
  for (const flag& f : flags) std::printf("  %-18s %s\n", f.name.data(), f.what);
  std::exit(2);
}

options read_flags(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; i += 2) {
    const flag* named = nullptr;
    for (const flag& f : flags)
      if (f.name == argv[i]) named = &f;
    if (named == nullptr || i + 1 == argc) explain();
    named->set(o, std::atof(argv[i + 1]));
  }
  return o;
}

dwell::task<> wait_for(dwell::event& e) { co_await e.wait(); }

dwell::task<> serve(options o) {
  mock_llm::server server(o.how, o.port);
  std::printf("listening on %s\n", server.url().c_str());
  std::fflush(stdout);
  dwell::event never;
  const dwell::signal_set stop{SIGTERM, SIGINT};
  (void)co_await dwell::until_signal(stop, wait_for(never));
  co_await server.stop();
  std::printf("%d requests, %d answered, %d at once at most\n", server.seen().requests.load(),
              server.seen().answered.load(), server.seen().most_inside.load());
}

}  // namespace

int main(int argc, char** argv) { dwell::run(serve(read_flags(argc, argv))); }
