// A task has one owner.
// expect: deleted
#include <utility>

#include <dwell/dwell.hpp>

dwell::task<> nothing() { co_return; }

dwell::task<> twice() {
  dwell::task<> first = nothing();
#ifdef DWELL_WITHOUT_THE_MISTAKE
  dwell::task<> second = std::move(first);
#else
  dwell::task<> second = first;
#endif
  co_await second;
}
