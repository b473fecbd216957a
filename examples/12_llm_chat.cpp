// A chat with a model in the terminal: what it says appears as it says it, and it remembers.
//
//   $ ./12_llm_chat                            a server of our own, which repeats what you say
//   $ ./12_llm_chat http://127.0.0.1:11434/v1 llama3.2
//   you> hello
//   you said: hello
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "mock_llm.hpp"

namespace {

using namespace std::chrono_literals;
namespace llm = dwell::llm;

// A function that blocks, so it goes where functions may.
std::optional<std::string> read_line() {
  std::printf("you> ");
  std::fflush(stdout);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

dwell::task<llm::message> speak(const llm::model& model, llm::conversation said) {
  llm::completion_stream words = co_await model.stream(std::move(said));
  while (const auto piece = co_await words.next()) {
    std::printf("%s", piece->text.c_str());
    std::fflush(stdout);
  }
  std::printf("\n");
  const llm::completion whole = co_await words.result();
  co_return whole.as_message();
}

dwell::task<> converse(const llm::model& model) {
  llm::conversation said;
  said.push_back(llm::message::system("You are brief."));
  for (;;) {
    const std::optional<std::string> line = co_await dwell::blocking(&read_line);
    if (!line) co_return;
    said.push_back(llm::message::user(*line));
    try {
      said.push_back(co_await speak(model, said));
    } catch (const llm::error& e) {
      std::printf("\n(%s)\n", e.what());
      said.pop_back();  // as if it had not been said
    }
  }
}

mock_llm::behaviour parrot() {
  mock_llm::behaviour how = mock_llm::thinking(50ms);
  how.per_token = 20ms;
  how.says = [](const mock_llm::question& asked) { return "you said: " + asked.prompt; };
  return how;
}

dwell::task<> chat(std::string url, std::string name) {
  std::optional<mock_llm::server> server;
  if (url.empty()) url = server.emplace(parrot()).url();
  {
    const llm::model model({.base_url = url, .model = name});
    co_await converse(model);
  }
  if (server) co_await server->stop();
}

}  // namespace

int main(int argc, char** argv) {
  dwell::run(chat(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "parrot"));
}
