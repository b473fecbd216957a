// A oneshot carries values; a reference would leave open who owns the object meanwhile.
// expect: oneshot<T&>: send a pointer or a std::reference_wrapper
#include <dwell/dwell.hpp>

#ifdef DWELL_WITHOUT_THE_MISTAKE
using carried = int*;
#else
using carried = int&;
#endif

void sends() { auto ends = dwell::make_oneshot<carried>(); }
