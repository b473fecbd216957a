// Parameters of a coroutine: moved into the frame once, destroyed once, and alive as long as the
// frame. spawn(fn, args...) rests on it: the callable and its arguments live in the frame of a
// shim. Clang's trivial_abi parameters were destroyed after the frame was gone (llvm#127499), so
// no type of ours has that attribute. Clang 15 and 16 converted the return object too early
// (llvm#56532), so get_return_object returns the exact type.
#include <memory>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

task<int> keeps(counted c, std::unique_ptr<int> p, const counted& r) {
  co_await std::suspend_never{};
  co_return c.value + *p + r.value;
}
template <class F, class... Args>
task<int> invoke_in_frame(F f, Args... args) {
  co_return co_await f(std::move(args)...);
}
struct moves_once {
  int moves = 0;
  moves_once() = default;
  moves_once(const moves_once&) = delete;
  moves_once(moves_once&& other) noexcept : moves(other.moves + 1) {}
};
task<int> count_moves(moves_once m) { co_return m.moves; }

#if defined(__clang__)
#define TRIVIAL_ABI [[clang::trivial_abi]]
#else
#define TRIVIAL_ABI
#endif
struct TRIVIAL_ABI in_register {
  int* deaths;
  explicit in_register(int* d) : deaths(d) {}
  in_register(const in_register& other) = default;
  ~in_register() { ++*deaths; }
};
struct eager {
  struct promise_type {
    eager get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
eager never_suspends(in_register) { co_return; }

struct converted {
  int value;
  struct promise_type;
  struct early {
    promise_type* promise;
  };
  explicit(false) converted(early e);
};
struct converted::promise_type {
  int value = 1;
  early get_return_object() noexcept { return {this}; }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_always final_suspend() noexcept { return {}; }
  void return_value(int v) noexcept { value = v; }
  void unhandled_exception() noexcept { std::terminate(); }
};
converted::converted(early e) : value(e.promise->value) {
  std::coroutine_handle<promise_type>::from_promise(*e.promise).destroy();
}
converted finishes_at_once() { co_return 2; }

// A frame that owns itself and is freed by an out-of-line function, started from a caller whose
// own frame ends first: a wrong elision would leave it on the dead stack (llvm#59723, #56455).
struct detached {
  struct promise_type {
    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<> h) noexcept { release(h); }
      void await_resume() noexcept {}
    };
    [[gnu::noinline]] static void release(std::coroutine_handle<> h) noexcept { h.destroy(); }
    detached get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
detached background(counted c, std::coroutine_handle<>& out, int& done) {
  co_await suspend_here{&out};
  done = c.value;
}
[[gnu::noinline]] void launch(std::coroutine_handle<>& out, int& done) {
  background(counted(12), out, done).handle.resume();
}
[[gnu::noinline]] void overwrite_stack() {
  volatile unsigned char junk[4096];
  for (unsigned i = 0; i < sizeof junk; ++i) junk[i] = 0xee;
}
}

CASE(relied, live_with_the_frame) {
  const counted outside(3);
  {
    auto t = keeps(counted(1), std::make_unique<int>(2), outside);
    CHECK(counted::live == 2);
    CHECK(run(std::move(t)) == 6);
  }
  CHECK(counted::live == 1);
}
CASE(relied, moved_once) { CHECK(run(count_moves(moves_once())) == 1); }
CASE(relied, callable_in_the_frame) {
  {
    const counted local(4);
    auto t = invoke_in_frame(
        [local](counted c, int n) -> task<int> {
          co_await std::suspend_never{};
          co_return local.value + c.value + n;
        },
        counted(5), 6);
    CHECK(run(std::move(t)) == 15);
  }
  CHECK(counted::live == 0);
}
CASE(recorded, trivial_abi) {
  int deaths = 0;
  never_suspends(in_register(&deaths));
  CHECK(deaths == 2);
}
CASE(recorded, return_object_converted_late) { CHECK(finishes_at_once().value == 2); }
CASE(relied, self_owned_frame_outlives_its_caller) {
  std::coroutine_handle<> parked;
  int done = 0;
  launch(parked, done);
  overwrite_stack();
  CHECK(done == 0);
  parked.resume();
  CHECK(done == 12 && counted::live == 0);
}
