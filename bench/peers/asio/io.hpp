// What every workload needs of Asio: an io_context with its threads, and what Boost 1.74 leaves to
// its users: waiting for n coroutines, a fork, and a channel.
//
// The coroutines name the io_context's own executor (or a strand of it) instead of any_io_executor:
// that is Asio's way to save the type erasure, and half the memory.
#pragma once

#include <utility>  // Boost 1.74 uses it without saying so

// Boost 1.74 looks for Clang's coroutines where they were before C++20.
#define BOOST_ASIO_HAS_CO_AWAIT
#define BOOST_ASIO_HAS_STD_COROUTINE
#include <atomic>
#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "../../harness/row.hpp"

namespace bench {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;

template <class T, class Executor = executor>
using awaitable = asio::awaitable<T, Executor>;
template <class Executor = executor>
inline constexpr asio::use_awaitable_t<Executor> use_awaitable{};
template <class Executor = executor>
using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// Runs `main` to its end on as many threads as the row says.
template <class Main>
void run_io(const row& subject, Main main) {
  const auto threads = static_cast<int>(subject.get_number("threads"));
  asio::io_context io(threads);
  asio::co_spawn(io, main(), [&](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
    io.stop();
  });
  std::vector<std::thread> others;
  auto stay = asio::make_work_guard(io);
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { io.run(); });
  io.run();
  for (auto& each : others) each.join();
}

/// What `body` gives for an executor on which one coroutine runs at a time: the only thread there
/// is, or a strand.
template <class Body>
auto one_at_a_time(const row& subject, executor on, Body body) {
  if (subject.get_number("threads") == 1) return body(on);
  return body(asio::make_strand(on));
}

/// Continues one waiting coroutine when as many as were named have ended.
template <class Executor = executor>
class countdown {
 public:
  /// The waiter is one more.
  explicit countdown(std::uint64_t chains) : left_(chains + 1) {}

  void arrive() {
    if (!is_last()) return;
    auto go_on = std::move(*waiter_);  // this may be gone when it runs
    asio::dispatch(std::move(go_on));
  }

  awaitable<void, Executor> wait() {
    return asio::async_initiate<decltype(use_awaitable<Executor>), void()>(
        [this](handler&& go_on) {
          waiter_.emplace(std::move(go_on));
          if (is_last()) asio::post(std::move(*waiter_));
        },
        use_awaitable<Executor>);
  }

 private:
  using handler =
      typename asio::async_result<asio::use_awaitable_t<Executor>, void()>::handler_type;

  bool is_last() { return left_.fetch_sub(1) == 1; }

  std::atomic<std::uint64_t> left_;
  std::optional<handler> waiter_;
};

/// Starts n coroutines and waits until all have ended.
template <class Executor, class Make>
awaitable<void, Executor> all_of(Executor on, std::uint64_t n, Make make) {
  countdown<Executor> ended(n);
  for (std::uint64_t i = 0; i < n; ++i)
    asio::co_spawn(on, make(i), [&ended](std::exception_ptr) { ended.arrive(); });
  co_await ended.wait();
}

/// A child that runs beside its parent, which must join it.
template <class T>
class forked {
 public:
  forked(const executor& on, awaitable<T> child) {
    asio::co_spawn(on, std::move(child), [this](std::exception_ptr, T value) {
      value_ = std::move(value);
      ended_.arrive();
    });
  }
  awaitable<T> join() {
    co_await ended_.wait();
    co_return std::move(value_);
  }

 private:
  T value_{};
  countdown<> ended_{1};
};

/// A timer that never runs out and is cancelled instead: Asio's condition variable.
template <class Executor>
class signal {
 public:
  explicit signal(const Executor& on) : timer_(on, std::chrono::steady_clock::time_point::max()) {}

  awaitable<void, Executor> wait() {
    boost::system::error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(use_awaitable<Executor>, cancelled));
  }
  void notify_one() { timer_.cancel_one(); }

 private:
  timer<Executor> timer_;
};

/// A bounded channel for coroutines that run one at a time.
template <class T, class Executor>
class channel {
 public:
  channel(const Executor& on, std::size_t capacity)
      : capacity_(capacity), not_full_(on), not_empty_(on) {}

  awaitable<void, Executor> send(T item) {
    while (items_.size() == capacity_) co_await not_full_.wait();
    items_.push_back(std::move(item));
    not_empty_.notify_one();
  }

  /// Nothing when it is closed and empty.
  awaitable<std::optional<T>, Executor> receive() {
    while (items_.empty() && !closed_) co_await not_empty_.wait();
    if (items_.empty()) co_return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    not_full_.notify_one();
    if (closed_) not_empty_.notify_one();
    co_return item;
  }

  void close() {
    closed_ = true;
    not_empty_.notify_one();
  }

 private:
  std::size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  signal<Executor> not_full_;
  signal<Executor> not_empty_;
};

}  // namespace bench
