// Coroutines without stack variables, said to be miscompiled by GCC 12.1 and 12.2 (Boost.Cobalt,
// doc/compiler.adoc; no bug number). Every shape of a body without locals that we could think of:
// lazy and eager, finishing at once and after an await, members and lambdas, frames that free
// themselves. The library's shims are all of this kind, so each one is relied on.
#include <memory>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

int frames = 0;
int effects = 0;

// Runs at once and frees itself at the end: no handle is ever kept.
struct eager {
  struct promise_type {
    promise_type() { ++frames; }
    ~promise_type() { --frames; }
    eager get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

task<> nothing() { co_return; }
task<> falls_off_the_end() {
  ++effects;
  co_await std::suspend_never{};
}
task<int> constant() { co_return 7; }
task<int> pass_through() { co_return co_await constant(); }
task<> awaits_void() { co_await nothing(); }
task<> awaits_twice() {
  co_await nothing();
  co_await falls_off_the_end();
}
task<int> sums() { co_return co_await constant() + co_await pass_through(); }
task<int> from_reference(const int& x) { co_return x; }
task<std::unique_ptr<int>> move_only() { co_return std::make_unique<int>(9); }
task<std::unique_ptr<int>> passes_move_only() { co_return co_await move_only(); }
task<int> takes(counted c) { co_return c.value; }

eager starts() {
  ++effects;
  co_return;
}
eager starts_and_awaits() { co_await falls_off_the_end(); }
eager parks(std::coroutine_handle<>& out) {
  co_await suspend_here{&out};
  ++effects;
}

struct object {
  int x = 5;
  task<int> member() { co_return x; }
  task<int> awaits_member() { co_return co_await member(); }
};
template <class T>
task<T> templated(T x) {
  co_return x;
}
}

CASE(relied, lazy) {
  run(nothing());
  run(falls_off_the_end());
  run(awaits_void());
  run(awaits_twice());
  CHECK(effects == 2);
}
CASE(relied, lazy_values) {
  CHECK(run(constant()) == 7 && run(pass_through()) == 7 && run(sums()) == 14);
  CHECK(*run(move_only()) == 9 && *run(passes_move_only()) == 9);
  const int x = 3;
  CHECK(run(from_reference(x)) == 3 && run(templated(4)) == 4);
}
CASE(relied, never_started) {
  { const auto unused = takes(counted(1)); }
  { const auto unused = awaits_twice(); }
  CHECK(counted::live == 0 && counted::made >= 2 && effects == 0);
}
CASE(relied, members_and_lambdas) {
  object o;
  CHECK(run(o.member()) == 5 && run(o.awaits_member()) == 5);
  const auto plain = []() -> task<int> { co_return 6; };
  const auto captures = [&o]() -> task<int> { co_return o.x; };
  CHECK(run(plain()) == 6 && run(captures()) == 5);
}
CASE(relied, frees_itself) {
  starts();
  CHECK(effects == 1 && frames == 0);
  starts_and_awaits();
  CHECK(effects == 2);
}
CASE(relied, parked_then_frees_itself) {
  std::coroutine_handle<> parked;
  parks(parked);
  CHECK(effects == 0 && frames == 1);
  parked.resume();
  CHECK(effects == 1 && frames == 0);
}
CASE(relied, parameter_dies_once) {
  CHECK(run(takes(counted(8))) == 8);
  CHECK(counted::live == 0);
}
