// Awaiters of Dwell work in a dwell::task only: another coroutine has no frame header, and nobody
// who could resume it.
// expect: task_promise
#include <coroutine>

#include <dwell/dwell.hpp>

struct foreign {
  struct promise_type {
    static foreign get_return_object() noexcept { return {}; }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    static void unhandled_exception() noexcept {}
  };
};

#ifdef DWELL_WITHOUT_THE_MISTAKE
dwell::task<> yields() { co_await dwell::yield_now(); }
#else
foreign yields() { co_await dwell::yield_now(); }
#endif
