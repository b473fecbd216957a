// The frame belongs to somebody else as soon as await_suspend has given the handle away.
//
// Clang before 19 kept scratch values in the frame across await_suspend (llvm#56301, #65018,
// #65054, #72006); GCC 15.2 counts in the frame after a destroy inside await_suspend (PR 121961).
// Frames come from an allocator that fills a freed frame with a pattern and keeps it, so a late
// write is seen without a sanitizer; the other half of the cases use malloc, for ASan and TSan.
#include <atomic>
#include <coroutine>
#include <exception>
#include <thread>

#include "harness.hpp"

namespace {
using namespace torture;

constexpr unsigned char pattern = 0xd5;
unsigned char arena[1U << 16];
std::size_t used = 0;
std::size_t freed_at = 0;
std::size_t freed_size = 0;

struct watched_frames {
  static void* operator new(std::size_t n) {
    CHECK(used + n <= sizeof arena);
    void* const at = arena + used;
    used += (n + 63U) & ~std::size_t{63U};
    return at;
  }
  static void operator delete(void* at, std::size_t n) noexcept {
    freed_at = static_cast<std::size_t>(static_cast<unsigned char*>(at) - arena);
    freed_size = n;
    auto* const bytes = static_cast<volatile unsigned char*>(at);
    for (std::size_t i = 0; i < n; ++i) bytes[i] = pattern;
  }
};
struct malloc_frames {};

void check_untouched() {
  CHECK(freed_size > 0);
  const volatile unsigned char* const bytes = arena + freed_at;
  for (std::size_t i = 0; i < freed_size; ++i) CHECK(bytes[i] == pattern);
}

template <class Frames>
struct job {
  struct promise_type : Frames {
    job get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

// Another thread runs the coroutine to its end, frame included, before await_suspend returns.
void finish_elsewhere(std::coroutine_handle<> h) {
  std::thread([h] { h.resume(); }).join();
}
[[gnu::noinline]] void finish_out_of_line(std::coroutine_handle<> h) { finish_elsewhere(h); }

struct returns_void {
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) { finish_elsewhere(h); }
  void await_resume() noexcept {}
};
struct returns_bool {
  bool await_ready() noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> h) {
    finish_elsewhere(h);
    return true;
  }
  void await_resume() noexcept {}
};
struct returns_handle {
  int padding[8] = {};
  bool await_ready() noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) {
    std::coroutine_handle<> answer = std::noop_coroutine();
    finish_elsewhere(h);
    return answer;
  }
  void await_resume() noexcept {}
};
struct returns_handle_out_of_line {
  const int& x;
  bool await_ready() noexcept { return false; }
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> h);
  void await_resume() noexcept {}
};
std::coroutine_handle<> returns_handle_out_of_line::await_suspend(std::coroutine_handle<> h) {
  finish_out_of_line(h);
  return std::noop_coroutine();
}
struct forced_inline {
  forced_inline() noexcept : owned(1) {}  // a constructor: see temporaries.cpp on aggregates
  counted owned;
  bool await_ready() noexcept { return false; }
  [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> h) {
    finish_out_of_line(h);
    return std::noop_coroutine();
  }
  void await_resume() noexcept {}
};
// Out of line, or the optimiser proves the frame short-lived and puts it on the stack.
[[gnu::noinline]] void destroy_out_of_line(std::coroutine_handle<> h) { h.destroy(); }
template <class Answer>
struct destroys_itself {
  bool await_ready() noexcept { return false; }
  Answer await_suspend(std::coroutine_handle<> h) noexcept {
    destroy_out_of_line(h);
    if constexpr (std::is_same_v<Answer, bool>) return true;
    if constexpr (std::is_same_v<Answer, std::coroutine_handle<>>) return std::noop_coroutine();
  }
  void await_resume() noexcept {}
};

template <class Frames, class Awaiter>
job<Frames> await_once() {
  counted local(3);
  if constexpr (std::is_same_v<Awaiter, returns_handle_out_of_line>) {
    co_await Awaiter{local.value};
  } else {
    co_await Awaiter{};
  }
  CHECK(local.value == 3);
}
template <class Awaiter>
void both_allocators() {
  await_once<watched_frames, Awaiter>();
  check_untouched();
  await_once<malloc_frames, Awaiter>();
  CHECK(counted::live == 0);
}

// A joiner that frees the frame while final_suspend of the other thread still runs its epilogue.
struct joined {
  struct promise_type {
    std::atomic<bool> done{false};
    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        h.promise().done.store(true, std::memory_order_release);
      }
      void await_resume() noexcept {}
    };
    joined get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};
joined empty_job() { co_return; }
}

CASE(relied, await_suspend_void) { both_allocators<returns_void>(); }
CASE(relied, await_suspend_bool) { both_allocators<returns_bool>(); }
CASE(relied, await_suspend_handle) { both_allocators<returns_handle>(); }
CASE(relied, await_suspend_out_of_line) { both_allocators<returns_handle_out_of_line>(); }
CASE(recorded, await_suspend_forced_inline) { both_allocators<forced_inline>(); }
CASE(recorded, destroy_in_await_suspend_void) { both_allocators<destroys_itself<void>>(); }
CASE(recorded, destroy_in_await_suspend_bool) { both_allocators<destroys_itself<bool>>(); }
CASE(recorded, destroy_in_await_suspend_handle) {
  both_allocators<destroys_itself<std::coroutine_handle<>>>();
}
CASE(relied, joiner_frees_after_final_suspend) {
  for (int i = 0; i < 100; ++i) {
    const auto j = empty_job();
    std::thread runner([&j] { j.handle.resume(); });
    while (!j.handle.promise().done.load(std::memory_order_acquire)) std::this_thread::yield();
    j.handle.destroy();
    runner.join();
  }
}
