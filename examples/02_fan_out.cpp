// A hundred calls at once, some of which fail. gather would cancel the rest at the first failure;
// gather_settled lets every call end and gives an outcome for each: a value or an exception.
//
// asyncio says:  await asyncio.gather(*calls, return_exceptions=True)
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int prompts = 100;

dwell::task<std::string> fake_llm(int prompt) {
  co_await dwell::sleep_for(dwell::random_duration(50ms, 200ms));
  if (prompt % 10 == 3) throw std::runtime_error("429 too many requests");
  if (prompt % 25 == 24) throw std::runtime_error("503 overloaded");
  co_return "reply " + std::to_string(prompt);
}

struct summary {
  int replies = 0;
  int misplaced = 0;
  std::map<std::string, int> failures;
};

dwell::task<summary> ask_all() {
  std::vector<dwell::task<std::string>> calls;
  calls.reserve(prompts);
  for (int prompt = 0; prompt < prompts; ++prompt) calls.push_back(fake_llm(prompt));
  auto outcomes = co_await dwell::gather_settled(std::move(calls));

  summary result;
  for (std::size_t prompt = 0; prompt < outcomes.size(); ++prompt) {
    try {
      // value() rethrows the exception of a call that failed.
      if (outcomes[prompt].value() != "reply " + std::to_string(prompt)) ++result.misplaced;
      ++result.replies;
    } catch (const std::runtime_error& error) {
      ++result.failures[error.what()];
    }
  }
  co_return result;
}

}  // namespace

int main() {
  auto result = dwell::run(ask_all());
  std::printf("%d of %d calls replied\n", result.replies, prompts);
  for (const auto& [reason, count] : result.failures)
    std::printf("%d failed: %s\n", count, reason.c_str());

  const bool right = result.replies == 86 && result.misplaced == 0 &&
                     result.failures["429 too many requests"] == 10 &&
                     result.failures["503 overloaded"] == 4;
  return right ? 0 : 1;
}
