// A task, a gather, a sleep or a handle that is thrown away warns, with the remedy in the warning.
// expect: a task does nothing until it is awaited, spawned or gathered
#include <dwell/dwell.hpp>

dwell::task<> nothing() { co_return; }

dwell::task<> forgets() {
#ifdef DWELL_WITHOUT_THE_MISTAKE
  co_await nothing();
#else
#pragma GCC diagnostic error "-Wunused-result"  // as GCC and older Clangs call it
#pragma GCC diagnostic error "-Wunused-value"
  nothing();
#endif
  co_return;
}
