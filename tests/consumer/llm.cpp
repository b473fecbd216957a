// A user's program of the component dwell::llm: a model that nobody answers for, and the error that
// says so.
#include <cstdio>
#include <string>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

namespace {

namespace llm = dwell::llm;

dwell::task<bool> asks_nobody() {
  llm::model_options options;
  options.base_url = "http://127.0.0.1:1/v1";
  options.model = "nobody";
  options.key_variable = "";
  options.retries.max_attempts = 1;
  const llm::model model(options);
  try {
    const llm::completion answer = co_await model.generate("hello");
    std::puts(answer.text.c_str());
  } catch (const llm::error& e) {
    std::puts(e.what());
    co_return e.reason() == llm::failure::connection;
  }
  co_return false;
}

}  // namespace

int main() {
  const bool good = dwell::run(asks_nobody());
  std::puts(good ? "good" : "not good");
  return good ? 0 : 1;
}
