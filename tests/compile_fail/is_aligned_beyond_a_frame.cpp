// A result aligned to more than a frame promises is refused, with what to return instead.
// expect: T is aligned to more than 16 bytes.*return a std::unique_ptr<T> instead
#include <memory>

#include <dwell/dwell.hpp>

struct alignas(64) wide {
  int content = 0;
};

#ifdef DWELL_WITHOUT_THE_MISTAKE
dwell::task<std::unique_ptr<wide>> give() { co_return std::make_unique<wide>(); }
#else
dwell::task<wide> give() { co_return wide(); }
#endif
