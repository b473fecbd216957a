// The two calls of 01_two_llms, and nothing is pretended any more but the server: where that slept,
// this asks. Together they take as long as the slower one.
//
//   $ ./11_llm                                     a server of our own, which only seems to think
//   $ OPENAI_API_KEY=… ./11_llm https://api.openai.com/v1 gpt-4o-mini gpt-4o
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "mock_llm.hpp"

namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;
namespace llm = dwell::llm;

struct reply {
  std::string text;
  seconds took;
};

dwell::task<reply> ask(std::string url, std::string name) {
  const llm::model model({.base_url = url, .model = name});
  const auto begun = std::chrono::steady_clock::now();
  const llm::completion answer = co_await model.generate("Write a line about waiting.");
  co_return reply{answer.text, std::chrono::steady_clock::now() - begun};
}

dwell::task<bool> ask_both(std::string url, std::string one, std::string other) {
  std::optional<mock_llm::server> server;
  if (url.empty()) url = server.emplace(mock_llm::thinking(500ms, 500ms)).url();

  const auto begun = std::chrono::steady_clock::now();
  auto replies = co_await dwell::gather(ask(url, one), ask(url, other));
  const seconds wall = std::chrono::steady_clock::now() - begun;

  auto& [first, second] = replies;  // in the order of the arguments, whichever came first
  std::printf("%s after %.3f s\n", first.text.c_str(), first.took.count());
  std::printf("%s after %.3f s\n", second.text.c_str(), second.took.count());
  std::printf("both after %.3f s\n", wall.count());

  if (!server) co_return true;
  co_await server->stop();
  co_return first.text == one + " replied" && second.text == other + " replied";
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* otherwise) {
    return i < argc ? argv[i] : otherwise;
  };
  return dwell::run(ask_both(argument(1, ""), argument(2, "haiku"), argument(3, "sonnet"))) ? 0 : 1;
}
