// post_latency and fairness: functions posted from a thread that does not run the io_context.
#include <algorithm>
#include <future>

#include "../../harness/resources.hpp"
#include "../../harness/statistics.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

/// An io_context that its threads keep running until it goes.
class running_io {
 public:
  explicit running_io(const row& subject)
      : context(static_cast<int>(subject.get_number("threads"))) {
    for (std::uint64_t i = 0; i < subject.get_number("threads"); ++i)
      threads_.emplace_back([this] { context.run(); });
  }
  ~running_io() {
    stay_.reset();
    for (auto& each : threads_) each.join();
  }

  asio::io_context context;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> stay_{context.get_executor()};
  std::vector<std::thread> threads_;
};

measurement post_tasks(running_io& io, std::uint64_t n, std::chrono::microseconds pause) {
  std::vector<double> took_us;
  for (std::uint64_t i = 0; i < n; ++i) {
    std::this_thread::sleep_for(pause);
    std::promise<std::int64_t> ran;
    const auto posted = now_ns();
    asio::post(io.context, [&ran] { ran.set_value(now_ns()); });
    took_us.push_back(static_cast<double>(ran.get_future().get() - posted) / 1e3);
  }
  std::sort(took_us.begin(), took_us.end());
  return {{{"p50_us", quantile(took_us, 0.5)},
           {"p99_us", quantile(took_us, 0.99)},
           {"max_us", took_us.back()}},
          curve_of(took_us),
          {}};
}

template <class Executor>
using numbers = channel<std::uint64_t, Executor>;

template <class Executor>
awaitable<void, Executor> answers(numbers<Executor>& questions, numbers<Executor>& replies) {
  while (const auto asked = co_await questions.receive()) co_await replies.send(*asked);
}

template <class Executor>
awaitable<void, Executor> asks(numbers<Executor>& questions, numbers<Executor>& replies,
                               const std::atomic<bool>& stop, std::uint64_t& trips) {
  for (; !stop; ++trips) {
    co_await questions.send(trips);
    co_await replies.receive();
  }
  questions.close();
}

template <class Executor>
awaitable<void, Executor> pair(Executor on, const std::atomic<bool>& stop, std::uint64_t& trips) {
  numbers<Executor> questions(on, 1), replies(on, 1);
  co_await all_of(on, 2, [&](std::uint64_t i) {
    return i == 0 ? asks(questions, replies, stop, trips) : answers(questions, replies);
  });
}

}  // namespace

measurement measure_post_latency(const row& subject) {
  running_io io(subject);
  return post_tasks(io, subject.get_number("n"),
                    std::chrono::microseconds(subject.get_number("idle_us")));
}

measurement measure_fairness(const row& subject) {
  std::vector<std::uint64_t> trips(2 * subject.get_number("threads"));
  std::atomic<bool> stop{false};
  measurement found;
  {
    running_io io(subject);
    for (auto& each : trips) {
      one_at_a_time(subject, io.context.get_executor(),
                    [&](auto on) { asio::co_spawn(on, pair(on, stop, each), asio::detached); });
    }
    found = post_tasks(io, subject.get_number("n"),
                       std::chrono::microseconds(subject.get_number("every_us")));
    stop = true;
  }
  if (*std::min_element(trips.begin(), trips.end()) == 0)
    found.failure = "a pair made no round trip";
  return found;
}

}  // namespace bench
