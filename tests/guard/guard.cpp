// The programs whose work the guard counts: guard SCENARIO N does one thing N times on one worker,
// after it has done it N times to warm up, and says what the worker asked of the heap and of the
// kernel in the second half.
//
// Instructions and read-modify-writes are counted from outside (count.py): by running it with N and
// with 2 N, so that starting up, warming up and shutting down cancel out.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <string_view>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

std::atomic<long> allocations{0};
std::atomic<long> futexes{0};
std::atomic<long> polls{0};

bool on_a_worker() { return dwell::core::current_context != nullptr; }

}  // namespace

// ---- What is counted ----

// NOLINTBEGIN: replacements of library functions have the names that they replace.
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

extern "C" {
long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
int __real_epoll_pwait2(int, epoll_event*, int, const timespec*, const sigset_t*);

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (number == SYS_futex && on_a_worker()) ++futexes;
  return __real_syscall(number, a, b, c, d, e, f);
}
int __wrap_epoll_pwait2(int epoll, epoll_event* events, int most, const timespec* timeout,
                        const sigset_t* mask) {
  if (on_a_worker()) ++polls;
  const int got = __real_epoll_pwait2(epoll, events, most, timeout, mask);
  if (got >= 0 || errno != ENOSYS) return got;
  // Valgrind 3.19 does not know it: in milliseconds, then, and only so that the program can end.
  const int ms = timeout == nullptr ? -1 : static_cast<int>(timeout->tv_sec * 1'000 + 1);
  return epoll_wait(epoll, events, most, ms);
}
}
// NOLINTEND

namespace {

// ---- What is done ----

using dwell::task;
using count = std::uint64_t;

task<count> number(count value) { co_return value; }

task<> direct_await(count n) {
  for (count i = 0; i < n; ++i)
    if (const count got = co_await number(i); got != i) std::abort();
}

task<> gather_children(count n) {
  std::vector<task<count>> children;
  children.reserve(n);
  for (count i = 0; i < n; ++i) children.push_back(number(i));
  const auto results = co_await dwell::gather(std::move(children));
  if (results.back() != n - 1) std::abort();
}

task<count> tree(count leaves) {
  if (leaves < 2) co_return leaves;
  const auto parts = co_await dwell::gather(tree(leaves / 2), tree(leaves - leaves / 2));
  co_return std::get<0>(parts) + std::get<1>(parts);
}

task<> fork_tree(count n) {
  if (const count sum = co_await tree(n); sum != n) std::abort();
}

task<> spawn_join(count n) {
  for (count i = 0; i < n; ++i) {
    auto handle = dwell::spawn(number(i));
    if (const count got = co_await handle; got != i) std::abort();
  }
}

task<> answers(dwell::channel_receiver<count> from, dwell::channel_sender<count> to) {
  while (const auto asked = co_await from.next()) co_await to.send(*asked);
}

task<> asks(dwell::channel_sender<count> to, dwell::channel_receiver<count> from, count n) {
  for (count i = 0; i < n; ++i) {
    co_await to.send(i);
    const auto answer = co_await from.next();
    if (answer != i) std::abort();
  }
}

task<> ping_pong(count n) {
  auto [question, asked] = dwell::make_channel<count>(1);
  auto [reply, answer] = dwell::make_channel<count>(1);
  co_await dwell::gather(asks(std::move(question), std::move(answer), n),
                         answers(std::move(asked), std::move(reply)));
}

task<> sleeps(std::chrono::nanoseconds d) { co_await dwell::sleep_for(d); }

task<> waits(count n) {
  std::vector<task<>> all;
  all.reserve(n);
  for (count i = 0; i < n; ++i) all.push_back(sleeps(1ms));
  co_await dwell::gather(std::move(all));
}

task<> kept_timeouts(count n) {
  for (count i = 0; i < n; ++i)
    if (const count got = co_await dwell::timeout(1h, number(i)); got != i) std::abort();
}

task<> cancelled_sleepers(count n) {
  const auto body = [n](dwell::cancel_scope& scope) -> task<> {
    std::vector<task<>> all;
    all.reserve(n + 1);
    for (count i = 0; i < n; ++i) all.push_back(sleeps(1h));
    const auto cancels = [](dwell::cancel_scope* it) -> task<> {
      co_await dwell::yield_now();
      it->cancel();
    };
    all.push_back(cancels(&scope));
    co_await dwell::gather(std::move(all));
  };
  co_await dwell::with_cancel_scope(body);
}

using scenario = task<> (*)(count);
const std::map<std::string_view, scenario> scenarios{
    {"direct_await", direct_await},   {"gather", gather_children},
    {"fork_tree", fork_tree},         {"spawn_join", spawn_join},
    {"ping_pong", ping_pong},         {"waits", waits},
    {"kept_timeouts", kept_timeouts}, {"cancelled_sleepers", cancelled_sleepers}};

task<> twice(scenario what, count n) {
  co_await what(n);
  allocations = futexes = polls = 0;
  co_await what(n);
  std::printf("allocations %ld\nfutex %ld\nepoll %ld\n", allocations.load(), futexes.load(),
              polls.load());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || !scenarios.contains(argv[1])) {
    std::fprintf(stderr, "usage: guard SCENARIO N; the scenarios are:");
    for (const auto& [name, unused] : scenarios) std::fprintf(stderr, " %s", name.data());
    std::fprintf(stderr, "\n");
    return 2;
  }
  dwell::settings one_worker;
  one_worker.threads = 1;
  one_worker.watchdog_after = 0ms;
  dwell::run(twice(scenarios.at(argv[1]), std::strtoull(argv[2], nullptr, 10)), one_worker);
}
