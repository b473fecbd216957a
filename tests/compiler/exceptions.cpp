// Exceptions around coroutines: through symmetric transfer (llvm#57172: one escaped the wrong
// unhandled_exception), from each function of an awaiter, and from creating a frame. Everything
// on the resume path of the library is noexcept and unhandled_exception stores; what is left must
// work everywhere. exception_ptr on another thread is checked under TSan, where the uninstrumented
// libstdc++ is reported to give false alarms.
#include <new>
#include <stdexcept>
#include <thread>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

struct failure {
  int code;
};

task<int> fails(int code) {
  const counted local(1);
  if (code > 0) throw failure{code};
  co_return 0;
}
task<int> passes_through(int code) {
  const counted local(2);
  co_return co_await fails(code);
}
task<int> catches(int code) {
  const counted local(3);
  int seen = 0;
  try {
    seen = co_await passes_through(code);
  } catch (const failure& f) {
    seen = f.code;
  }
  seen += co_await fails(0);
  co_return seen;
}
task<int> catches_in_loop() {
  int sum = 0;
  for (int i = 1; i <= 1000; ++i) {
    try {
      sum += co_await passes_through(i);
    } catch (const failure&) {
      ++sum;
    }
  }
  co_return sum;
}

enum class at { ready, suspend, resume };
struct throwing_awaiter {
  at where;
  bool await_ready() {
    if (where == at::ready) throw failure{1};
    return false;
  }
  bool await_suspend(std::coroutine_handle<>) {
    if (where == at::suspend) throw failure{2};
    return false;
  }
  void await_resume() {
    if (where == at::resume) throw failure{3};
  }
};
struct throwing_transfer {
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<>) { throw failure{4}; }
  void await_resume() noexcept {}
};
task<int> from_awaiter(at where) {
  const counted local(1);
  try {
    co_await throwing_awaiter{where};
  } catch (const failure& f) {
    co_return f.code;
  }
  co_return 0;
}
task<int> from_transfer() {
  const counted local(1);
  try {
    co_await throwing_transfer{};
  } catch (const failure& f) {
    co_return f.code;
  }
  co_return 0;
}

// A frame that cannot be had: the exception belongs to the caller, and each argument dies once.
struct no_memory {
  struct promise_type {
    static void* operator new(std::size_t) { throw std::bad_alloc(); }
    static void operator delete(void*, std::size_t) noexcept { CHECK(false); }
    no_memory get_return_object() noexcept { return {}; }
    // A coroutine that cannot suspend gets its frame on the stack, and then nothing throws.
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
no_memory cannot_start(counted) { co_return; }
task<int> meets_bad_alloc() {
  try {
    cannot_start(counted(5));
  } catch (const std::bad_alloc&) {
    co_return 1;
  }
  co_return 0;
}
struct throws_when_moved {
  counted inner{1};
  throws_when_moved() = default;
  throws_when_moved(const throws_when_moved&) = default;
  throws_when_moved(throws_when_moved&& other) : inner(other.inner) { throw failure{6}; }
};
task<int> takes_throwing(counted, throws_when_moved, counted) { co_return 0; }

task<int> resumed_elsewhere(std::coroutine_handle<>& out) {
  co_await suspend_here{&out};
  throw std::runtime_error("from another thread");
}
template <class T>
void balanced(task<T> t, T expected) {
  CHECK(run(std::move(t)) == expected);
  CHECK(counted::live == 0);
}
}

CASE(relied, caught_two_levels_up) { balanced(catches(7), 7); }
CASE(relied, caught_a_thousand_times) { balanced(catches_in_loop(), 1000); }
CASE(relied, leaves_through_run) {
  bool seen = false;
  try {
    run(passes_through(8));
  } catch (const failure& f) {
    seen = f.code == 8;
  }
  CHECK(seen && counted::live == 0);
}
CASE(relied, from_await_ready) { balanced(from_awaiter(at::ready), 1); }
CASE(relied, from_await_suspend) { balanced(from_awaiter(at::suspend), 2); }
CASE(relied, from_await_resume) { balanced(from_awaiter(at::resume), 3); }
CASE(relied, from_symmetric_await_suspend) { balanced(from_transfer(), 4); }
CASE(relied, bad_alloc_for_a_frame) { balanced(meets_bad_alloc(), 1); }
CASE(relied, parameter_move_throws) {
  bool seen = false;
  try {
    const auto t = takes_throwing(counted(1), throws_when_moved(), counted(2));
  } catch (const failure& f) {
    seen = f.code == 6;
  }
  CHECK(seen && counted::live == 0);
}
CASE(relied, carried_between_threads) {
  std::coroutine_handle<> parked;
  const auto t = resumed_elsewhere(parked);
  drive(t.get());
  std::thread([parked] { drive(parked); }).join();
  bool seen = false;
  try {
    t.get().promise().result();
  } catch (const std::runtime_error&) {
    seen = true;
  }
  CHECK(seen);
}
