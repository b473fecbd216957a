// Awaiting what Dwell cannot wait for says what can be awaited, and how to bring the rest in.
// expect: co_await: not something Dwell can wait for
#include <coroutine>

#include <dwell/dwell.hpp>

dwell::task<> awaits() {
#ifdef DWELL_WITHOUT_THE_MISTAKE
  co_await dwell::yield_now();
#else
  co_await std::suspend_always();
#endif
}
