// Two calls to a language model at the same time: together they take as long as the slower one.
//
// asyncio says:  a, b = await asyncio.gather(fake_llm("haiku"), fake_llm("sonnet"))
#include <chrono>
#include <cstdio>
#include <string>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

struct reply {
  std::string text;
  seconds took;
};

// A client waits for the network as this waits for the clock: without keeping a thread.
dwell::task<reply> fake_llm(std::string name) {
  const auto latency = dwell::random_duration(500ms, 1s);
  co_await dwell::sleep_for(latency);
  co_return reply{name + " replied", latency};
}

dwell::task<bool> ask_both() {
  const auto begun = std::chrono::steady_clock::now();
  auto replies = co_await dwell::gather(fake_llm("haiku"), fake_llm("sonnet"));
  const seconds wall = std::chrono::steady_clock::now() - begun;

  auto& [haiku, sonnet] = replies;  // in the order of the arguments, whichever came first
  std::printf("%s after %.3f s\n", haiku.text.c_str(), haiku.took.count());
  std::printf("%s after %.3f s\n", sonnet.text.c_str(), sonnet.took.count());
  std::printf("both after %.3f s\n", wall.count());
  co_return haiku.text == "haiku replied" && sonnet.text == "sonnet replied";
}

}  // namespace

int main() { return dwell::run(ask_both()) ? 0 : 1; }
