// A pipeline over channels: questions are read, asked of a language model by several workers at
// once, and the answers collected. Each channel holds a few items, so the fast stages wait for the
// slow one and nothing piles up.
//
//   read ─▶ [4] ─▶ 8 workers ─▶ [4] ─▶ collect
//
// asyncio says Queue(maxsize=4), and needs a sentinel for each worker to end; here a stage closes
// its channel when it is done, and the next one drains what is left and ends by itself.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int questions = 200;
constexpr int workers = 8;
constexpr std::size_t room = 4;

struct question {
  int number;
  std::string text;
};

struct answer {
  int number;
  int worker;
  std::string text;
};

// The ends stay with answer_all(), which outlives the stages; they borrow them.
dwell::task<> read(dwell::channel_sender<question>& to) {
  for (int i = 0; i < questions; ++i) {
    question next{i, "what is " + std::to_string(i) + " + 1?"};
    co_await to.send(std::move(next));
  }
  to.close();
}

dwell::task<std::string> fake_llm(const question& asked) {
  co_await dwell::sleep_for(dwell::random_duration(1ms, 10ms));
  co_return std::to_string(asked.number + 1);
}

dwell::task<> work(int worker, dwell::channel_receiver<question>& from,
                   dwell::channel_sender<answer>& to) {
  while (const auto asked = co_await from.next()) {
    std::string text = co_await fake_llm(*asked);
    answer reply{asked->number, worker, std::move(text)};
    co_await to.send(std::move(reply));
  }
}

dwell::task<> work_all(dwell::channel_receiver<question>& from, dwell::channel_sender<answer>& to) {
  std::vector<dwell::task<>> all;
  for (int i = 0; i < workers; ++i) all.push_back(work(i, from, to));
  co_await dwell::gather(std::move(all));
  to.close();  // when the last of them is done
}

dwell::task<std::map<int, answer>> collect(dwell::channel_receiver<answer>& from) {
  std::map<int, answer> answers;
  while (auto reply = co_await from.next()) answers.emplace(reply->number, *std::move(reply));
  co_return answers;
}

bool all_right(const std::map<int, answer>& answers) {
  std::vector<int> share(workers);
  for (const auto& [number, reply] : answers) {
    if (reply.text != std::to_string(number + 1)) return false;
    ++share.at(static_cast<std::size_t>(reply.worker));
  }
  for (int i = 0; i < workers; ++i)
    std::printf("worker %d answered %d\n", i, share[static_cast<std::size_t>(i)]);
  return answers.size() == questions;
}

dwell::task<bool> answer_all() {
  auto [asking, asked] = dwell::make_channel<question>(room);
  auto [answering, answered] = dwell::make_channel<answer>(room);

  auto stages = dwell::gather(read(asking), work_all(asked, answering), collect(answered));
  const auto results = co_await std::move(stages);

  const dwell::channel_statistics s = answering.statistics();
  std::printf("%llu answers went through a channel of %zu\n",
              static_cast<unsigned long long>(s.received), s.capacity);
  co_return all_right(std::get<2>(results)) && s.sent == questions&& s.received == questions;
}

}  // namespace

int main() {
  if (!dwell::run(answer_all())) return 1;
  std::printf("each question has its answer\n");
  return 0;
}
