// What one direct co_await of a trivial child costs under each transfer policy: measured, never
// asserted. Frames come from a thread-local free list, so that the price of malloc does not hide
// the difference. Two shapes: a loop over one child, and fib(24), whose frames live at once.
// measure: naive=0 budget=1 trampoline=2 final_only=3
#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace {
using count = std::uint64_t;

struct thread_state {
  std::coroutine_handle<> next = nullptr;
  int budget = 128;
  void* free_frames[16] = {};
};
thread_local constinit thread_state state;

constexpr std::size_t class_size = 32;
void* take(std::size_t n) {
  const std::size_t index = (n + class_size - 1) / class_size;
  if (index >= 16) return std::malloc(n);
  void*& head = state.free_frames[index];
  if (head == nullptr) return std::malloc(index * class_size);
  return std::exchange(head, *static_cast<void**>(head));
}
void give(void* frame, std::size_t n) {
  const std::size_t index = (n + class_size - 1) / class_size;
  if (index >= 16) return std::free(frame);
  *static_cast<void**>(frame) = std::exchange(state.free_frames[index], frame);
}

[[maybe_unused]] std::coroutine_handle<> spend(std::coroutine_handle<> h) noexcept {
  if (--state.budget > 0) [[likely]]
    return h;
  state.next = h;
  return std::noop_coroutine();
}
#if MEASURE == 0
std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept { return h; }
std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept { return h; }
#elif MEASURE == 1
std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept { return spend(h); }
std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept { return spend(h); }
#elif MEASURE == 2
void start(std::coroutine_handle<> h) noexcept { state.next = h; }
void finish(std::coroutine_handle<> h) noexcept { state.next = h; }
#else
std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept { return h; }
std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept { return spend(h); }
#endif

struct [[nodiscard]] task {
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    count value = 0;
    static void* operator new(std::size_t n) { return take(n); }
    static void operator delete(void* p, std::size_t n) noexcept { give(p, n); }
    task get_return_object() noexcept {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      auto await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        return finish(h.promise().continuation);
      }
      void await_resume() noexcept {}
    };
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void return_value(count v) noexcept { value = v; }
    void unhandled_exception() noexcept { std::terminate(); }
  };
  using handle = std::coroutine_handle<promise_type>;
  struct awaiter {
    handle child;
    bool await_ready() noexcept { return false; }
    auto await_suspend(std::coroutine_handle<> parent) noexcept {
      child.promise().continuation = parent;
      return start(child);
    }
    count await_resume() noexcept { return child.promise().value; }
  };
  explicit task(handle h) noexcept : frame(h) {}
  task(task&& other) noexcept : frame(std::exchange(other.frame, nullptr)) {}
  ~task() {
    if (frame) frame.destroy();
  }
  awaiter operator co_await() && noexcept { return {frame}; }
  handle frame;
};

[[gnu::noinline]] task child(count v) { co_return v; }
task loop(count n) {
  count sum = 0;
  for (count i = 0; i < n; ++i) sum += co_await child(i);
  co_return sum;
}
task fib(count n) {
  if (n < 2) co_return n;
  const count a = co_await fib(n - 1);
  const count b = co_await fib(n - 2);
  co_return a + b;
}
double ns_per_await(task t, count expected, double awaits) {
  const auto before = std::chrono::steady_clock::now();
  state.next = t.frame;
  while (state.next) {
    state.budget = 128;
    std::exchange(state.next, nullptr).resume();
  }
  const auto after = std::chrono::steady_clock::now();
  if (t.frame.promise().value != expected) std::abort();
  return std::chrono::duration<double, std::nano>(after - before).count() / awaits;
}
}

int main() {
  constexpr count n = 500'000;
  double best_loop = 1e9;
  double best_fib = 1e9;
  for (int round = 0; round < 25; ++round) {
    best_loop = std::min(best_loop, ns_per_await(loop(n), n * (n - 1) / 2, double(n)));
    best_fib = std::min(best_fib, ns_per_await(fib(24), 46'368, 150'048.0));
  }
  std::printf("%.2f %.2f\n", best_loop, best_fib);
}
