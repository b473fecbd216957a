// Awaiters by value and by reference. GCC 12.2 is reported to call await_* on a wrong `this` when
// operator co_await or await_transform returns a reference (suspected PR 104872; qcoro#58 is kin).
// Each awaiter notes its address, so a silent copy is seen as well as a wild pointer.
#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

struct noted {
  const noted* self = this;
  const noted* ready = nullptr;
  const noted* suspended = nullptr;
  const noted* resumed = nullptr;
  int payload[4] = {1, 2, 3, 4};
  bool await_ready() noexcept {
    ready = this;
    return false;
  }
  bool await_suspend(std::coroutine_handle<>) noexcept {
    suspended = this;
    return false;
  }
  const noted* await_resume() noexcept {
    resumed = this;
    return this;
  }
  bool one_address() const { return ready == this && suspended == this && resumed == this; }
};
struct by_reference {
  noted inner;
  noted& operator co_await() noexcept { return inner; }
};
struct by_rvalue_reference {
  noted inner;
  noted&& operator co_await() && noexcept { return std::move(inner); }
};
struct view {
  noted* target;
  bool await_ready() noexcept { return target->await_ready(); }
  bool await_suspend(std::coroutine_handle<> h) noexcept { return target->await_suspend(h); }
  const noted* await_resume() noexcept { return target->await_resume(); }
};
struct by_value {
  noted* target;
  view operator co_await() const noexcept { return {target}; }
};

struct transforming {
  struct promise_type {
    noted hidden;
    transforming get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
    noted& await_transform(int) noexcept { return hidden; }
    view await_transform(noted* target) noexcept { return {target}; }
  };
  std::coroutine_handle<promise_type> handle;
};
struct pinned {
  pinned* self = this;
  int steps = 0;
  pinned() = default;
  pinned(const pinned&) = delete;
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<>) noexcept {
    CHECK(self == this);
    ++steps;
    return false;
  }
  int await_resume() noexcept {
    CHECK(self == this);
    return steps;
  }
};

task<> await_lvalue_operator(by_reference& a) { CHECK(co_await a == &a.inner); }
task<> await_rvalue_operator() {
  const noted* const at = co_await by_rvalue_reference{};
  CHECK(at != nullptr);
}
task<> await_local_operator() {
  by_reference a;
  CHECK(co_await a == &a.inner);
  CHECK(a.inner.one_address() && a.inner.payload[3] == 4);
}
task<> await_named(noted& a) { CHECK(co_await a == &a); }
task<> await_by_value(noted& a) { CHECK(co_await by_value{&a} == &a); }
task<int> await_pinned() { co_return co_await pinned{}; }
transforming transform_to_reference() { CHECK(co_await 1 != nullptr); }
transforming transform_to_value(noted& a) { CHECK(co_await &a == &a); }
}

CASE(recorded, operator_returns_reference) {
  by_reference a;
  run(await_lvalue_operator(a));
  CHECK(a.inner.one_address());
  run(await_local_operator());
}
CASE(recorded, operator_returns_rvalue_reference) { run(await_rvalue_operator()); }
CASE(recorded, transform_returns_reference) {
  const auto t = transform_to_reference();
  t.handle.resume();
  CHECK(t.handle.promise().hidden.one_address());
  t.handle.destroy();
}
CASE(relied, named_awaiter) {
  noted a;
  run(await_named(a));
  CHECK(a.one_address());
}
CASE(relied, operator_returns_value) {
  noted a;
  run(await_by_value(a));
  CHECK(a.one_address() && a.self == &a);
}
CASE(relied, transform_returns_value) {
  noted a;
  const auto t = transform_to_value(a);
  t.handle.resume();
  CHECK(t.handle.done() && a.one_address());
  t.handle.destroy();
}
CASE(relied, immovable_temporary_awaiter) { CHECK(run(await_pinned()) == 1); }
