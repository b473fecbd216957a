// Marks what the shared library shows. Everything is compiled with hidden visibility, so a name
// that a user's program links against, and a type that is thrown to it, needs DWELL_API.
//
// Written by hand: the header that CMake can generate has six macros, of which this needs one. In
// the static library the names stay hidden, so that two plugins which each link their own copy of
// Dwell never share a global by accident.
#pragma once

#ifdef DWELL_SHARED
#define DWELL_API __attribute__((visibility("default")))
#else
#define DWELL_API
#endif
