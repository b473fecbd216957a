// A minimal lazy task with the way control passes between coroutines as a policy.
//
// The deep chains compare these policies; the other files take the default, which is the one the
// library uses. Nothing here comes from the library: when a case fails, the compiler is at fault.
//   naive       await_suspend returns the next handle. Needs a real tail call.
//   budget      the same, but each transfer spends one of 128; at zero the handle is parked in
//               `next` and the loop resumes it. The stack is bounded without tail calls.
//   final_only  spends only on the way out (final_suspend), never on the way in.
//   trampoline  await_suspend returns void; the loop makes every step.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace torture {

struct loop_state {
  std::coroutine_handle<> next = nullptr;
  int budget = 128;
};

// Out of line, so that no compiler may keep the address over a suspension that changes threads.
[[gnu::noinline]] inline loop_state& this_loop() noexcept {
  static thread_local constinit loop_state state;
  return state;
}

inline void drive(std::coroutine_handle<> h) {
  auto& loop = this_loop();
  loop.next = h;
  while (loop.next) {
    loop.budget = 128;
    std::exchange(loop.next, nullptr).resume();
  }
}

struct naive {
  static std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept { return h; }
  static std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept { return h; }
};
struct budget {
  static std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept {
    auto& loop = this_loop();
    if (--loop.budget > 0) return h;
    loop.next = h;
    return std::noop_coroutine();
  }
  static std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept { return start(h); }
};
struct final_only {
  static std::coroutine_handle<> start(std::coroutine_handle<> h) noexcept { return h; }
  static std::coroutine_handle<> finish(std::coroutine_handle<> h) noexcept {
    return budget::start(h);
  }
};
struct trampoline {
  static void start(std::coroutine_handle<> h) noexcept { this_loop().next = h; }
  static void finish(std::coroutine_handle<> h) noexcept { this_loop().next = h; }
};

template <class T>
struct result_slot {
  T value{};
  void return_value(T v) noexcept { value = std::move(v); }
  T take() noexcept { return std::move(value); }
};
template <>
struct result_slot<void> {
  void return_void() noexcept {}
  void take() noexcept {}
};

template <class T = void, class Policy = budget>
class [[nodiscard]] task {
 public:
  struct promise_type : result_slot<T> {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr error = nullptr;

    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      auto await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        return Policy::finish(h.promise().continuation);
      }
      void await_resume() noexcept {}
    };
    task get_return_object() noexcept {
      return task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() noexcept { error = std::current_exception(); }
    T result() {
      if (error) std::rethrow_exception(std::exchange(error, nullptr));
      return this->take();
    }
  };
  using handle = std::coroutine_handle<promise_type>;

  struct awaiter {
    handle child;
    bool await_ready() noexcept { return false; }
    auto await_suspend(std::coroutine_handle<> parent) noexcept {
      child.promise().continuation = parent;
      return Policy::start(child);
    }
    T await_resume() { return child.promise().result(); }
  };

  explicit task(handle h) noexcept : handle_(h) {}
  task(task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~task() {
    if (handle_) handle_.destroy();
  }
  awaiter operator co_await() && noexcept { return {handle_}; }
  awaiter operator co_await() & noexcept { return {handle_}; }
  handle get() const noexcept { return handle_; }

 private:
  handle handle_;
};

template <class T, class P>
T run(task<T, P> t) {
  drive(t.get());
  return t.get().promise().result();
}

// Suspends and leaves its handle where the test finds it.
struct suspend_here {
  std::coroutine_handle<>* out;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { *out = h; }
  void await_resume() noexcept {}
};

}
