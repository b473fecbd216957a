// What every workload needs of Asio: an io_context with its threads, and two things that
// Boost 1.74 leaves to its users: waiting for n coroutines, and a channel.
#pragma once

#include <atomic>
#include <utility>  // Boost 1.74 uses it without saying so

// Boost 1.74 looks for Clang's coroutines where they were before C++20.
#define BOOST_ASIO_HAS_CO_AWAIT
#define BOOST_ASIO_HAS_STD_COROUTINE
#include <boost/asio.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "../../harness/row.hpp"

namespace bench {

namespace asio = boost::asio;
using asio::awaitable;
using asio::use_awaitable;

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

/// A timer that never runs out and is cancelled instead: Asio's condition variable.
class signal {
 public:
  explicit signal(const asio::any_io_executor& on)
      : timer_(on, std::chrono::steady_clock::time_point::max()) {}

  awaitable<void> wait() {
    boost::system::error_code cancelled;
    co_await timer_.async_wait(asio::redirect_error(use_awaitable, cancelled));
  }
  void notify_one() { timer_.cancel_one(); }

 private:
  asio::steady_timer timer_;
};

/// Starts n coroutines and waits until all have ended; the last one continues the waiter.
template <class Make>
awaitable<void> all_of(std::uint64_t n, Make make) {
  const auto on = co_await asio::this_coro::executor;
  std::atomic<std::uint64_t> left{n};
  auto last_ended = [&](auto done) {
    for (std::uint64_t i = 0; i < n; ++i) {
      asio::co_spawn(on, make(i), [&left, done](std::exception_ptr) mutable {
        if (left.fetch_sub(1) == 1) done();
      });
    }
  };
  if (n == 0) co_return;
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
      [&](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler));
        last_ended([kept, on] { asio::post(on, std::move(*kept)); });
      },
      use_awaitable);
}

/// A bounded channel for coroutines of one strand.
template <class T>
class channel {
 public:
  channel(const asio::any_io_executor& strand, std::size_t capacity)
      : capacity_(capacity), not_full_(strand), not_empty_(strand) {}

  awaitable<void> send(T item) {
    while (items_.size() == capacity_) co_await not_full_.wait();
    items_.push_back(std::move(item));
    not_empty_.notify_one();
  }

  /// Nothing when it is closed and empty.
  awaitable<std::optional<T>> receive() {
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
  signal not_full_;
  signal not_empty_;
};

}  // namespace bench
