// co_await in the odd corners of an expression: ternary arms (llvm#59181), && and ||, structured
// bindings (GCC 15 and 16 skip the destructor, PR 124584), statement expressions (PR 115851),
// __builtin_constant_p, which Catch2's REQUIRE uses (Catch2#2925), a loop on a global counter
// (llvm#59508 crashed the front end).
#include <memory>
#include <tuple>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

using pair = std::tuple<counted, std::unique_ptr<int>>;
int calls = 0;
int global_counter = 0;

task<counted> make(int v) { co_return counted(v); }
task<bool> say(bool v) {
  ++calls;
  co_return v;
}
task<pair> make_pair(int v) { co_return pair(counted(v), std::make_unique<int>(v)); }
counted plain(int v) { return counted(v); }

task<int> ternary(bool which) {
  const counted c = which ? co_await make(1) : co_await make(2);
  co_return c.value;
}
task<int> half_ternary(bool which) {
  const counted c = which ? co_await make(1) : plain(2);
  co_return c.value;
}
task<int> nested_ternary(int which) {
  co_return which == 0 ? (co_await make(1)).value
                       : (which == 1 ? (co_await make(2)).value : (co_await make(3)).value);
}
task<int> branches(bool which) {
  if (which) {
    const counted c = co_await make(1);
    co_return c.value;
  }
  const counted c = co_await make(2);
  co_return c.value;
}
task<bool> short_circuit() {
  const bool both = co_await say(false) && co_await say(true);
  const bool either = co_await say(true) || co_await say(false);
  co_return !both && either;
}
task<bool> conditions() {
  int n = 0;
  while (co_await say(n < 3)) ++n;
  if (co_await say(n == 3)) co_return true;
  co_return false;
}

task<int> bind_value_in_loop() {
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    auto [c, p] = co_await make_pair(i);
    sum += c.value + *p;
  }
  co_return sum;
}
task<int> bind_named_in_loop() {
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    auto result = co_await make_pair(i);
    auto& [c, p] = result;
    sum += c.value + *p;
  }
  co_return sum;
}
task<> bind_value_and_park(std::coroutine_handle<>& out) {
  auto [c, p] = co_await make_pair(4);
  co_await suspend_here{&out};
  CHECK(c.value == 4 && *p == 4);
}
task<> bind_named_and_park(std::coroutine_handle<>& out) {
  auto result = co_await make_pair(4);
  auto& [c, p] = result;
  co_await suspend_here{&out};
  CHECK(c.value == 4 && *p == 4);
}
task<> bind_parameter() {
  auto result = co_await make_pair(6);
  const auto& [c, p] = result;
  CHECK(c.value == 6 && *p == 6);
}

task<int> statement_expression() {
  const int v = __extension__({
    const counted c = co_await make(5);
    c.value;
  });
  co_return v;
}
task<bool> constant_p() {
  (void)__builtin_constant_p(co_await say(true));
  const bool answer = co_await say(true);
  co_return answer;
}
task<> count_globally() {
  for (global_counter = 0; global_counter < 100; ++global_counter) co_await say(true);
}

template <class T>
void balanced(task<T> t, T expected) {
  CHECK(run(std::move(t)) == expected);
  CHECK(counted::live == 0);
}
// Destroys while the binding is alive: the destructor must run for each element.
void parked_then_destroyed(task<> (*body)(std::coroutine_handle<>&)) {
  std::coroutine_handle<> out;
  {
    const auto t = body(out);
    drive(t.get());
    CHECK(out != nullptr && counted::live == 1);
  }
  CHECK(counted::live == 0);
}
}

CASE(recorded, ternary_both_arms) {
  balanced(ternary(true), 1);
  balanced(ternary(false), 2);
}
CASE(recorded, ternary_one_arm) {
  balanced(half_ternary(true), 1);
  balanced(half_ternary(false), 2);
}
CASE(recorded, ternary_nested) {
  for (int i = 0; i < 3; ++i) balanced(nested_ternary(i), i + 1);
}
CASE(relied, if_else) {
  balanced(branches(true), 1);
  balanced(branches(false), 2);
}
CASE(recorded, short_circuit_operators) {
  CHECK(run(short_circuit()));
  CHECK(calls == 2);
}
CASE(relied, await_in_condition) { CHECK(run(conditions())); }
CASE(recorded, binding_by_value_in_loop) { balanced(bind_value_in_loop(), 6); }
CASE(recorded, binding_by_value_destroyed) { parked_then_destroyed(bind_value_and_park); }
CASE(relied, binding_by_reference_in_loop) {
  balanced(bind_named_in_loop(), 6);
  run(bind_parameter());
  CHECK(counted::live == 0);
}
CASE(relied, binding_by_reference_destroyed) { parked_then_destroyed(bind_named_and_park); }
CASE(recorded, await_in_statement_expression) { balanced(statement_expression(), 5); }
CASE(recorded, await_in_builtin_constant_p) {
  CHECK(run(constant_p()));
  CHECK(calls == 1);
}
CASE(relied, loop_on_a_global_counter) {
  run(count_globally());
  CHECK(calls == 100);
}
