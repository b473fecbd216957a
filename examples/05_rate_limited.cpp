// A batch of a thousand calls to a language model that allows so many calls a second, so many at a
// time and so many for each customer, and that is overloaded now and then.
//
// Each call waits for its customer's slot and for the rate, and is tried again when the server is
// busy; it pauses at random, and no less than the server asks for. A bar shows how far it is.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

constexpr int calls = 1'000;
constexpr int customers = 5;

// The server says "busy", and when to come back: what a 429 with a Retry-After is.
class server_busy : public std::runtime_error, public dwell::retry_hint {
 public:
  server_busy() : std::runtime_error("busy"), retry_hint(1ms) {}
};

// Pretends to be the provider, and keeps count.
class fake_server {
 public:
  dwell::task<std::string> chat(int number, std::uint32_t attempt) {
    ++received_;
    note(++inside_);
    const bool refuses = number % 10 == 0 && attempt <= 2;  // these twice each
    co_await dwell::sleep_for(dwell::random_duration(100us, 2ms));
    --inside_;
    if (refuses) throw server_busy();
    co_return "answer " + std::to_string(number);
  }

  [[nodiscard]] int received() const { return received_; }
  [[nodiscard]] int most_inside() const { return most_inside_; }

 private:
  void note(int inside) {
    for (int most = most_inside_; inside > most;)
      if (most_inside_.compare_exchange_weak(most, inside)) return;
  }

  std::atomic<int> received_{0};
  std::atomic<int> inside_{0};
  std::atomic<int> most_inside_{0};
};

dwell::retry_policy policy() {
  dwell::retry_policy p;
  p.max_attempts = 5;
  p.first_pause = 1ms;
  p.longest_pause = 20ms;
  p.retries = dwell::retry_on<server_busy>;  // anything else is not worth another call
  return p;
}

dwell::limiter_options slots() {
  dwell::limiter_options o;
  o.capacity = 32;
  o.per_key = 8;
  return o;
}

class batch {
 public:
  dwell::task<std::vector<std::string>> run() {
    auto both = dwell::gather(call_all(), show_progress());
    auto results = co_await std::move(both);
    co_return std::move(std::get<0>(results));
  }

  [[nodiscard]] bool adds_up(const std::vector<std::string>& answers) const {
    for (int i = 0; i < calls; ++i)
      if (answers.at(static_cast<std::size_t>(i)) != "answer " + std::to_string(i)) return false;
    const dwell::limiter_statistics s = slots_.statistics();
    const dwell::rate_limiter_statistics r = rate_.statistics();
    std::printf("%d requests for %d answers, %d at once at most, %llu of them waited for a slot\n",
                server_.received(), calls, server_.most_inside(),
                static_cast<unsigned long long>(s.contended));
    const auto requests = static_cast<std::uint64_t>(calls + calls / 10 * 2);
    return server_.received() == static_cast<int>(requests) && server_.most_inside() <= 32 &&
           s.acquired == requests && r.acquired == requests && s.in_flight == 0;
  }

 private:
  dwell::task<std::string> attempt(int number, std::uint32_t n) {
    // Slot first: while it waits for the rate nobody else is kept from it for longer than that.
    const std::string customer = "customer " + std::to_string(number % customers);
    const dwell::limiter::slot slot = co_await slots_.acquire(customer);
    (void)co_await rate_.acquire();
    co_return co_await server_.chat(number, n);
  }

  dwell::task<std::string> call(int number) {
    const auto once = [this, number](std::uint32_t n) { return attempt(number, n); };
    std::string answer = co_await dwell::retry(policy(), once);
    ++done_;
    co_return answer;
  }

  dwell::task<std::vector<std::string>> call_all() {
    std::vector<dwell::task<std::string>> all;
    for (int i = 0; i < calls; ++i) all.push_back(call(i));
    co_return co_await dwell::gather(std::move(all));
  }

  dwell::task<> show_progress() {
    constexpr int width = 50;
    for (int done = 0; done < calls; co_await dwell::sleep_for(20ms)) {
      done = done_;
      const auto bar = static_cast<std::size_t>(done * width / calls);
      std::printf("\r[%-*s] %d/%d", width, std::string(bar, '#').c_str(), done, calls);
      std::fflush(stdout);
    }
    std::printf("\n");
  }

  fake_server server_;
  dwell::limiter slots_{slots()};
  dwell::rate_limiter rate_{4'000, 1s, 100};  // 4000 a second, 100 of them at once
  std::atomic<int> done_{0};
};

}  // namespace

int main() {
  batch b;
  const std::vector<std::string> answers = dwell::run(b.run());
  if (!b.adds_up(answers)) return 1;
  std::printf("each call has its answer\n");
  return 0;
}
