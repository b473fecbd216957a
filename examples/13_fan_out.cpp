// Ten thousand questions to a model, a thousand at a time and so many a second, with a line that
// shows how far it is. The answers go to a file, in order.
//
//   $ ./13_fan_out                 a server of our own, which is overloaded now and then
//   $ ./13_fan_out 10000 answers.txt http://127.0.0.1:8000/v1 haiku
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/llm/model.hpp>

#include "mock_llm.hpp"

namespace {

using namespace std::chrono_literals;
namespace llm = dwell::llm;

constexpr std::size_t in_flight = 1'000;

// A thousand connections, and as many on the side of our own server.
void allow_many_sockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8 * in_flight);
  setrlimit(RLIMIT_NOFILE, &limit);
}

mock_llm::behaviour busy() {
  mock_llm::behaviour how = mock_llm::thinking(20ms, 80ms);
  how.refuse = 0.05;
  how.overload = 0.01;
  how.cut = 0.01;
  how.says = [](const mock_llm::question& asked) { return "about " + asked.prompt; };
  return how;
}

llm::model_options options(std::string url, std::string name) {
  llm::model_options o;
  o.base_url = std::move(url);
  o.model = std::move(name);
  o.limits.max_in_flight = in_flight;
  o.limits.requests = {.amount = 20'000, .per = 1s, .burst = in_flight};
  o.retries.max_attempts = 10;
  o.retries.first_pause = 50ms;
  return o;
}

class batch {
 public:
  batch(const llm::model& model, std::size_t questions) : model_(model), questions_(questions) {}

  dwell::task<std::vector<std::string>> run() {
    auto both = dwell::gather(ask_all(), show_progress());
    auto results = co_await std::move(both);
    co_return std::move(std::get<0>(results));
  }

 private:
  dwell::task<std::string> ask(std::size_t number) {
    const llm::completion answer = co_await model_.generate("question " + std::to_string(number));
    ++done_;
    co_return answer.text;
  }

  // Only those in flight have a frame.
  dwell::task<std::vector<std::string>> ask_all() {
    std::vector<std::size_t> numbers(questions_);
    for (std::size_t i = 0; i < questions_; ++i) numbers[i] = i;
    auto one = [this](std::size_t number) { return ask(number); };
    co_return co_await dwell::map_limited(std::move(numbers), in_flight, std::move(one));
  }

  dwell::task<> show_progress() {
    for (std::size_t done = 0; done < questions_; co_await dwell::sleep_for(100ms)) {
      done = done_;
      const llm::model_statistics s = model_.statistics();
      std::printf("\r%6zu/%zu answers, %4zu in flight, %llu requests, %llu failed", done,
                  questions_, s.in_flight, static_cast<unsigned long long>(s.requests),
                  static_cast<unsigned long long>(s.failures));
      std::fflush(stdout);
    }
    std::printf("\n");
  }

  const llm::model& model_;
  const std::size_t questions_;
  std::atomic<std::size_t> done_{0};
};

bool write_file(const std::string& path, const std::vector<std::string>& lines) {
  std::ofstream file(path);
  for (const std::string& line : lines) file << line << '\n';
  return file.flush().good();
}

dwell::task<bool> fan_out(std::size_t questions, std::string path, std::string url,
                          std::string name) {
  std::optional<mock_llm::server> server;
  if (url.empty()) url = server.emplace(busy()).url();
  std::vector<std::string> answers;
  {
    const llm::model model(options(url, name));
    batch all(model, questions);
    answers = co_await all.run();
  }
  const bool written = co_await dwell::blocking(&write_file, path, answers);
  std::printf("%zu answers in %s\n", answers.size(), path.c_str());
  if (!server) co_return written;
  co_await server->stop();
  bool right = written && server->seen().most_inside <= static_cast<int>(in_flight);
  for (std::size_t i = 0; i < questions; ++i)
    right = right && answers.at(i) == "about question " + std::to_string(i);
  co_return right;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, const char* otherwise) {
    return i < argc ? argv[i] : otherwise;
  };
  allow_many_sockets();
  const auto questions = static_cast<std::size_t>(std::atoi(argument(1, "10000")));
  const bool right = dwell::run(
      fan_out(questions, argument(2, "answers.txt"), argument(3, ""), argument(4, "haiku")));
  return right ? 0 : 1;
}
