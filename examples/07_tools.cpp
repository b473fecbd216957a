// An agent's tools beside its waits: some block (a file, a database, a synchronous SDK), some keep
// a processor busy. Neither may run on a worker, where every other task would wait for it:
//
//     dwell::blocking(fn, args...)   on a thread that may block
//     dwell::compute(fn, args...)    on an arena with a thread for every processor but one
//
// asyncio says:  await asyncio.to_thread(fn, *args)
// Meanwhile a heartbeat waits 2 ms at a time, and notes how late it was.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

// A client library from before coroutines.
std::string query_database(const std::string& question) {
  std::this_thread::sleep_for(200ms);
  return "rows for " + question;
}

bool is_prime(std::uint64_t n) {
  for (std::uint64_t d = 2; d * d <= n; ++d)
    if (n % d == 0) return false;
  return n > 1;
}

// Takes a stop_token, so a cancelled caller need not wait until the last number.
std::uint64_t count_primes(const std::stop_token& stop, std::uint64_t below) {
  std::uint64_t count = 0;
  for (std::uint64_t n = 0; n < below && !stop.stop_requested(); ++n) count += is_prime(n) ? 1 : 0;
  return count;
}

dwell::task<std::vector<milliseconds>> heartbeat(const std::atomic<bool>& done) {
  std::vector<milliseconds> late;
  while (!done) {
    const auto due = steady_clock::now() + 2ms;
    co_await dwell::sleep_until(due);
    late.push_back(steady_clock::now() - due);
  }
  co_return late;
}

dwell::task<std::vector<std::string>> ask_database() {
  std::vector<dwell::task<std::string>> queries;
  for (const char* const question : {"customers", "orders", "invoices", "complaints"})
    queries.push_back(dwell::blocking(query_database, std::string(question)));
  co_return co_await dwell::gather(std::move(queries));
}

dwell::task<std::vector<std::uint64_t>> count_all_primes() {
  std::vector<dwell::task<std::uint64_t>> counts;
  for (const std::uint64_t below : {100'000U, 200'000U, 300'000U})
    counts.push_back(dwell::compute(count_primes, below));
  co_return co_await dwell::gather(std::move(counts));
}

dwell::task<bool> amain() {
  std::atomic<bool> done{false};
  auto beats = dwell::spawn(heartbeat(done));
  auto found = co_await dwell::gather(ask_database(), count_all_primes());
  auto& [rows, primes] = found;
  done = true;
  auto late = co_await beats;

  for (const std::string& row : rows) std::printf("%s\n", row.c_str());
  for (const std::uint64_t count : primes) std::printf("%ju primes\n", std::uintmax_t{count});
  std::sort(late.begin(), late.end());
  std::printf("%zu heartbeats meanwhile; the median was %.3f ms late, the worst %.3f ms\n",
              late.size(), late[late.size() / 2].count(), late.back().count());

  const std::vector<std::string> right_rows{"rows for customers", "rows for orders",
                                            "rows for invoices", "rows for complaints"};
  const std::vector<std::uint64_t> right_primes{9592, 17984, 25997};
  const bool right = rows == right_rows && primes == right_primes;
  co_return right&& late.size() > 5;
}

}  // namespace

int main() { return dwell::run(amain()) ? 0 : 1; }
