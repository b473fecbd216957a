// The suite's problems on plain threads, where somebody would do that: a thread for each call, a
// queue with a lock.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <initializer_list>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "../../harness/resources.hpp"
#include "../../harness/statistics.hpp"
#include "../../load/splitmix.hpp"
#include "../../load/timed_loop.hpp"
#include "../../load/waits.hpp"
#include "../peer_main.hpp"
#include "servers.hpp"

namespace bench {

namespace {

/// A bounded queue.
class queue {
 public:
  explicit queue(std::size_t capacity) : capacity_(capacity) {}

  void send(std::uint64_t item) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return items_.size() < capacity_; });
    items_.push_back(item);
    not_empty_.notify_one();
  }

  std::optional<std::uint64_t> receive() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [&] { return !items_.empty() || closed_; });
    if (items_.empty()) return std::nullopt;
    const auto item = items_.front();
    items_.pop_front();
    not_full_.notify_one();
    return item;
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    not_empty_.notify_all();
  }

 private:
  std::size_t capacity_;
  bool closed_ = false;
  std::deque<std::uint64_t> items_;
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
};

void call(wait_record& mine, std::uint64_t& result) {
  mine.asleep_at_ns = now_ns();
  std::this_thread::sleep_for(std::chrono::microseconds(mine.duration_us));
  mine.resumed_at_ns = now_ns();
  mine.resumptions.fetch_add(1, std::memory_order_relaxed);
  result = expected<std::uint64_t>(mine.index);
}

wait_run run_calls(wait_records records) {
  wait_run run;
  run.begin();
  std::vector<std::uint64_t> results(records.size());
  std::vector<std::thread> calls;
  for (std::size_t i = 0; i < records.size(); ++i)
    calls.emplace_back(call, std::ref(records[i]), std::ref(results[i]));
  run.created();
  for (auto& each : calls) each.join();
  run.end();
  check_results(results, run);
  return run;
}

std::vector<wait_record> records_of(const row& subject) {
  std::vector<wait_record> records(subject.get_number("n"));
  for (std::uint32_t i = 0; i < records.size(); ++i) {
    records[i].index = i;
    records[i].duration_us = 500'000 + static_cast<std::uint32_t>(splitmix64(42, i) % 500'001);
  }
  return records;
}

measurement measure_llm_waits(const row& subject) {
  auto records = records_of(subject);
  const auto run = run_calls(records);
  return measure_waits(records, run, subject.get_number("baseline_bytes"));
}

measurement baseline_of_waits(const row& subject) {
  const auto records = records_of(subject);
  return baseline_of(run_calls({}));
}

measurement measure_spawn_join(const row& subject) {
  timed_loop run(subject.get_number("n") / 10);  // a thread costs a hundred tasks
  for (std::uint64_t i = 0; i < run.times(); ++i) {
    run.before(i);
    run.expect(std::async(std::launch::async, [i] { return i; }).get(), i);
  }
  run.end();
  return run.summary("ns_per_task");
}

measurement measure_ping_pong(const row& subject) {
  timed_loop run(subject.get_number("n") / 10);
  queue questions(1), replies(1);
  std::thread other([&] {
    while (const auto asked = questions.receive()) replies.send(*asked + 1);
  });
  for (std::uint64_t i = 0; i < run.times(); ++i) {
    run.before(i);
    questions.send(i);
    run.expect(replies.receive().value_or(0), i + 1);
  }
  run.end();
  questions.close();
  other.join();
  return run.summary("ns_per_round_trip");
}

measurement measure_mpmc(const row& subject) {
  const auto n = subject.get_number("n"), producers = subject.get_number("producers");
  std::vector<std::uint64_t> sums(subject.get_number("consumers"));
  const auto begun = now_ns();
  queue items(subject.get_number("capacity"));
  std::vector<std::thread> sending, receiving;
  for (std::uint64_t first = 1; first <= producers; ++first) {
    sending.emplace_back([&, first] {
      for (auto item = first; item <= n; item += producers) items.send(item);
    });
  }
  for (auto& sum : sums) {
    receiving.emplace_back([&] {
      while (const auto item = items.receive()) sum += *item;
    });
  }
  for (auto& each : sending) each.join();
  items.close();
  for (auto& each : receiving) each.join();
  const auto took_ns = static_cast<double>(now_ns() - begun);
  measurement found{{{"ns_per_item", took_ns / static_cast<double>(n)}}, {}, {}};
  if (std::accumulate(sums.begin(), sums.end(), std::uint64_t{0}) != n * (n + 1) / 2)
    found.failure = "items are missing";
  return found;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  std::vector<bench::peer_workload> known{{"spawn_join", bench::measure_spawn_join},
                                          {"ping_pong", bench::measure_ping_pong},
                                          {"mpmc", bench::measure_mpmc}};
  std::vector<bench::peer_service> services;
  const auto any_of = [&](std::initializer_list<std::string_view> sizes) {
    return std::find_first_of(argv, argv + argc, sizes.begin(), sizes.end()) != argv + argc;
  };
  // A hundred thousand threads are more than most systems let a process have.
  if (any_of({"n=200", "n=1000", "n=10000"}))
    known.push_back({"llm_waits", bench::measure_llm_waits, bench::baseline_of_waits});
  // And nobody would keep a thread for each of a thousand clients.
  if (any_of({"n=1", "n=16", "n=64"})) services.push_back({"echo", bench::serve_echo});
  return bench::peer_main(argc, argv, "std::thread, " + bench::peer_compiler(), known, services);
}
