// co_await, with a temporary in its operand, in the condition of an if or a while. In a coroutine
// that declares no local around it GCC 12 resumes the wrong place: the coroutine never ends, or
// crashes. With a local, in an if with an initialiser, and with the result bound first it is right.
#include <coroutine>
#include <exception>
#include <utility>

#include "harness.hpp"

namespace {

struct suspends_once {
  bool answer;
  int* suspensions;
  explicit suspends_once(bool a, int* s) noexcept : answer(a), suspensions(s) {}
  static bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept { ++*suspensions; }
  bool await_resume() const noexcept { return answer; }
};

struct coroutine {
  struct promise_type {
    coroutine get_return_object() noexcept {
      return coroutine{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  explicit coroutine(std::coroutine_handle<promise_type> h) noexcept : handle(h) {}
  coroutine(coroutine&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  coroutine& operator=(coroutine&&) = delete;
  ~coroutine() {
    if (handle) handle.destroy();
  }
  std::coroutine_handle<promise_type> handle;
};

coroutine in_an_if(int* suspensions, int* n) {
  if (co_await suspends_once(true, suspensions)) ++*n;
}
coroutine in_a_while(int* suspensions, int* n) {
  while (co_await suspends_once(*n < 3, suspensions)) ++*n;
}
coroutine in_an_initialiser(int* suspensions, int* n) {
  if (const bool answer = co_await suspends_once(true, suspensions)) *n += answer;
}
coroutine named(int* suspensions, int* n) {
  suspends_once awaited(true, suspensions);
  if (co_await awaited) ++*n;
}
coroutine with_a_local(int* suspensions, int* n) {
  const int one = 1;
  if (co_await suspends_once(true, suspensions)) *n += one;
}
coroutine bound_first(int* suspensions, int* n) {
  const bool answer = co_await suspends_once(true, suspensions);
  if (answer) ++*n;
}

void resumed_to_the_end(coroutine (*body)(int*, int*), int awaits, int result) {
  int suspensions = 0;
  int n = 0;
  const auto c = body(&suspensions, &n);
  for (int i = 0; i <= awaits && !c.handle.done(); ++i) c.handle.resume();
  CHECK(c.handle.done());
  CHECK(suspensions == awaits && n == result);
}
}

CASE(recorded, if_without_locals) { resumed_to_the_end(&in_an_if, 1, 1); }
CASE(recorded, while_without_locals) { resumed_to_the_end(&in_a_while, 4, 3); }
CASE(relied, if_beside_a_local) { resumed_to_the_end(&with_a_local, 1, 1); }
CASE(relied, if_with_an_initialiser) { resumed_to_the_end(&in_an_initialiser, 1, 1); }
CASE(relied, if_on_something_named) { resumed_to_the_end(&named, 1, 1); }
CASE(relied, bound_first) { resumed_to_the_end(&bound_first, 1, 1); }
