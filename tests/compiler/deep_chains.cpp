// Deep chains: which way of passing control survives three million synchronous awaits, a chain of
// a million nested awaits, and a million ping-pong transfers, on the usual 8 MiB stack.
//
// GCC makes the tail call only at -O2 and above and never with ASan or TSan (PR 100897, 94794), so
// the naive policy is recorded and the budget is what the code base relies on.
#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;
using count = std::uint64_t;

constexpr count awaits = 3'000'000;
constexpr count depth = 1'000'000;

template <class P>
task<count, P> child(count i) {
  co_return i;
}
template <class P>
task<count, P> await_in_loop(count n) {
  count sum = 0;
  for (count i = 0; i < n; ++i) sum += co_await child<P>(i);
  co_return sum;
}
template <class P>
task<count, P> descend(count n) {
  if (n == 0) co_return 0;
  co_return 1 + co_await descend<P>(n - 1);
}
template <class P>
void loop_case() {
  CHECK(run(await_in_loop<P>(awaits)) == awaits * (awaits - 1) / 2);
}
template <class P>
void descend_case() {
  CHECK(run(descend<P>(depth)) == depth);
}

// Two coroutines hand control to and fro and neither ever finishes: depth without frames.
struct player {
  struct promise_type {
    player get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
template <class P>
struct pass_to {
  std::coroutine_handle<>& other;
  std::coroutine_handle<>& self;
  bool await_ready() noexcept { return false; }
  auto await_suspend(std::coroutine_handle<> h) noexcept {
    self = h;
    return P::start(other);
  }
  void await_resume() noexcept {}
};
template <class P>
player play(std::coroutine_handle<>& self, std::coroutine_handle<>& other, count& left) {
  while (left > 0) {
    --left;
    co_await pass_to<P>{other, self};
  }
}
template <class P>
void ping_pong_case() {
  count left = depth;
  std::coroutine_handle<> a;
  std::coroutine_handle<> b;
  const auto one = play<P>(a, b, left);
  const auto two = play<P>(b, a, left);
  a = one.handle;
  b = two.handle;
  drive(a);
  CHECK(left == 0);
  one.handle.destroy();
  two.handle.destroy();
}

// An await that never suspends must not touch the stack either.
struct declined {
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) noexcept { return false; }
  void await_resume() noexcept {}
};
task<count> decline_in_loop(count n) {
  count done = 0;
  for (; done < n; ++done) co_await declined{};
  co_return done;
}
task<count> ready_in_loop(count n) {
  count done = 0;
  for (; done < n; ++done) co_await std::suspend_never{};
  co_return done;
}
}

CASE(recorded, naive_loop) { loop_case<naive>(); }
CASE(recorded, naive_descend) { descend_case<naive>(); }
CASE(recorded, naive_ping_pong) { ping_pong_case<naive>(); }
CASE(recorded, final_only_loop) { loop_case<final_only>(); }
CASE(recorded, final_only_descend) { descend_case<final_only>(); }
CASE(relied, budget_loop) { loop_case<budget>(); }
CASE(relied, budget_descend) { descend_case<budget>(); }
CASE(relied, budget_ping_pong) { ping_pong_case<budget>(); }
CASE(recorded, trampoline_loop) { loop_case<trampoline>(); }
CASE(recorded, trampoline_descend) { descend_case<trampoline>(); }
CASE(recorded, trampoline_ping_pong) { ping_pong_case<trampoline>(); }
CASE(relied, suspend_declined) { CHECK(run(decline_in_loop(awaits)) == awaits); }
CASE(relied, always_ready) { CHECK(run(ready_in_loop(awaits)) == awaits); }
