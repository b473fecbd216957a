// Temporaries inside a co_await expression. GCC 10 to 12 destroys some of them twice or copies
// them byte by byte into the frame: aggregates, capturing lambdas, temporaries of a pattern that
// PR 101367 names (PR 95599, 98401, 99576, 100611, 101367, 107288). Banned, therefore recorded;
// the named local next to each is what we write instead, and relied on.
#include <string>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

struct options {  // an aggregate with a member that is not trivial
  counted c;
  int more = 2;
  std::string name = "a string that is too long for the small buffer";
};
class made_options {
 public:
  explicit made_options(int v) : c(v) {}
  counted c;
};

task<int> by_value(options o) { co_return o.c.value + o.more; }
task<int> by_reference(const options& o) { co_return o.c.value + o.more; }
task<int> by_class(made_options o) { co_return o.c.value; }
task<int> by_class_reference(const made_options& o) { co_return o.c.value; }
task<int> by_string(std::string s) { co_return static_cast<int>(s.size()); }
template <class F>
task<int> call(F f) {
  co_return f();
}
template <class F>
task<int> call_by_reference(const F& f) {
  co_return f();
}
struct holds_reference {
  const counted& c;
  explicit holds_reference(const counted& x) : c(x) {}
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) noexcept { return false; }
  int await_resume() noexcept { return c.value; }
};
struct bare_awaiter {  // an aggregate that owns something
  counted c;
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) noexcept { return false; }
  int await_resume() noexcept { return c.value; }
};
struct gives_bare_awaiter {
  int v;
  bare_awaiter operator co_await() const { return {counted(v)}; }
};
bare_awaiter make_bare_awaiter(int v) { return {counted(v)}; }
struct numbers {
  int a = 1;
  int b = 2;
};
task<int> by_numbers(numbers n) { co_return n.a + n.b; }
struct from_function {
  counted c;
  template <class F>
  explicit from_function(F f) : c(f()) {}
};

task<int> aggregate_value() { co_return co_await by_value(options{counted(1)}); }
task<int> aggregate_reference() { co_return co_await by_reference(options{counted(1)}); }
task<int> lambda_value() {
  const counted local(3);
  co_return co_await call([local] { return local.value; });
}
task<int> lambda_reference() {
  const counted local(3);
  co_return co_await call_by_reference([local] { return local.value; });
}
task<int> lambda_coroutine() {
  const counted local(3);
  co_return co_await [local]() -> task<int> { co_return local.value; }();
}
task<int> pattern_101367() {
  const counted local(3);
  co_return co_await holds_reference{from_function{[local] { return local.value; }}.c};
}
template <class F>
task<int> await_call(F f) {
  co_return co_await f(1);
}
task<int> lambda_trivial() {
  counted local(3);
  int n = 1;
  const int first = co_await call([&local, n] { return local.value - n; });
  co_return first + co_await call_by_reference([&n] { return n; });
}
task<int> lambda_empty() {
  co_return co_await call([] { return 2; });
}
task<int> lambda_empty_twice() {
  co_return co_await call([] { return 2; }) + co_await call([] { return 1; });
}
task<int> lambda_empty_in_place() {
  co_return co_await []() -> task<int> { co_return 3; }();
}
task<int> lambda_in_place_in_a_sum() {
  co_return co_await call([] { return 2; }) + co_await []() -> task<int> { co_return 1; }();
}
task<int> lambda_scope() {
  co_return co_await await_call([](int v) -> task<int> {
    const int two = co_await call([] { return 2; });
    co_return v + two;
  });
}
task<int> lambda_scope_by_reference() {
  counted local(2);
  co_return co_await await_call([&local](int v) -> task<int> {
    co_await std::suspend_never{};
    co_return v + local.value;
  });
}
task<int> sum_of_awaits() { co_return co_await by_numbers({1, 1}) + co_await by_numbers({0, 1}); }
task<int> aggregate_trivial() { co_return co_await by_numbers(numbers{1, 3}); }
task<int> bare_in_place() { co_return co_await bare_awaiter{counted(6)}; }
task<int> bare_from_operator() { co_return co_await gives_bare_awaiter{6}; }
task<int> bare_from_function() { co_return co_await make_bare_awaiter(6); }
task<int> class_value() { co_return co_await by_class(made_options(4)); }
task<int> class_reference() { co_return co_await by_class_reference(made_options(4)); }
task<int> awaiter_reference() { co_return co_await holds_reference{counted(5)}; }
task<int> string_temporary() {
  co_return co_await by_string(std::string("long enough to live on the heap, surely"));
}
task<int> string_conversion() { co_return co_await by_string("long enough to live on the heap"); }

task<int> named_aggregate() {
  options o{counted(1)};
  const int first = co_await by_reference(o);
  co_return first + co_await by_value(std::move(o));
}
task<int> named_lambda() {
  const counted local(3);
  auto f = [local] { return local.value; };
  const int first = co_await call_by_reference(f);
  co_return first + co_await call(std::move(f));
}
task<int> named_lambda_coroutine() {
  const counted local(3);
  const auto f = [local]() -> task<int> { co_return local.value; };
  co_return co_await f();
}

void balanced(task<int> t, int expected) {
  CHECK(run(std::move(t)) == expected);
  CHECK(counted::live == 0 && counted::made > 0);
}
}

CASE(recorded, aggregate_by_value) { balanced(aggregate_value(), 3); }
CASE(recorded, aggregate_by_reference) { balanced(aggregate_reference(), 3); }
CASE(recorded, lambda_by_value) { balanced(lambda_value(), 3); }
CASE(recorded, lambda_by_reference) { balanced(lambda_reference(), 3); }
CASE(recorded, lambda_called_in_place) { balanced(lambda_coroutine(), 3); }
CASE(recorded, temporary_of_pr_101367) { balanced(pattern_101367(), 3); }
CASE(recorded, aggregate_awaiter_in_place) { balanced(bare_in_place(), 6); }
CASE(relied, aggregate_awaiter_from_operator) { balanced(bare_from_operator(), 6); }
CASE(relied, aggregate_awaiter_from_function) { balanced(bare_from_function(), 6); }
CASE(relied, lambda_with_trivial_captures) { balanced(lambda_trivial(), 3); }
CASE(relied, lambda_without_captures) { CHECK(run(lambda_empty()) == 2); }
CASE(relied, lambda_without_captures_twice) { CHECK(run(lambda_empty_twice()) == 3); }
CASE(recorded, lambda_without_captures_in_place) { CHECK(run(lambda_empty_in_place()) == 3); }
CASE(recorded, lambda_in_place_within_a_sum) { CHECK(run(lambda_in_place_in_a_sum()) == 3); }
CASE(relied, lambda_coroutine_as_argument) { CHECK(run(lambda_scope()) == 3); }
CASE(relied, lambda_coroutine_capturing_by_reference) { balanced(lambda_scope_by_reference(), 3); }
CASE(relied, sum_of_two_awaits) { CHECK(run(sum_of_awaits()) == 3); }
CASE(relied, aggregate_trivial_members) { CHECK(run(aggregate_trivial()) == 4); }
CASE(relied, class_by_value) { balanced(class_value(), 4); }
CASE(relied, class_by_reference) { balanced(class_reference(), 4); }
CASE(relied, reference_in_awaiter) { balanced(awaiter_reference(), 5); }
CASE(relied, string) {
  CHECK(run(string_temporary()) == 39);
  CHECK(run(string_conversion()) == 31);
}
CASE(relied, aggregate_named) { balanced(named_aggregate(), 6); }
CASE(relied, lambda_named) { balanced(named_lambda(), 6); }
CASE(relied, lambda_coroutine_named) { balanced(named_lambda_coroutine(), 3); }
