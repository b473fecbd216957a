// The smallest possible test harness for programs that are expected to crash.
//
// A miscompiled coroutine does not fail politely: it smashes the stack, frees twice or hangs. So
// every case runs in a process of its own (`program case_name`), and the runner reads the exit
// status. A stack overflow gets its own exit code, because "no tail call here" and "memory
// corrupted here" lead to different decisions. GoogleTest was rejected: it costs more compile time
// than the whole matrix may take, and its death tests would hide the signal.
//
// Kinds of case. relied: the code base uses this idiom, so it must be ok everywhere.
// recorded: a banned idiom or a fact about the compiler; the outcome is compared with known.txt.
#pragma once

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace torture {

inline constexpr int exit_wrong = 70;
inline constexpr int exit_overflow = 71;
inline constexpr int exit_crash = 72;

struct test_case {
  const char* name;
  void (*body)();
  test_case* next;
};

inline test_case* first_case = nullptr;
inline std::uintptr_t stack_top = 0;
inline std::uintptr_t stack_size = 0;

struct registrar : test_case {
  registrar(const char* n, void (*b)()) : test_case{n, b, first_case} { first_case = this; }
};

inline void check(bool ok, const char* what, int line) {
  if (ok) return;
  std::fprintf(stderr, "line %d: not true: %s\n", line, what);
  std::_Exit(exit_wrong);
}

// After a deep recursion the tables of TSan are as full as the stack: no instrumented function and
// no intercepted call may run here, or the handler itself faults, for ever.
#if defined(__clang__)
__attribute__((no_sanitize("thread", "address", "undefined")))
#else
__attribute__((no_sanitize_thread, no_sanitize_address, no_sanitize_undefined))
#endif
inline void
on_fault(int, siginfo_t* info, void*) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const bool in_stack = address < stack_top && address + stack_size > stack_top;
  syscall(SYS_exit_group, in_stack ? exit_overflow : exit_crash);
}

// The handler needs a stack of its own: the one it reports on is used up.
inline void catch_faults() {
  rlimit limit{};
  getrlimit(RLIMIT_STACK, &limit);
  constexpr std::uintptr_t slack = 1U << 20;  // one frame may jump over the guard page
  stack_size = limit.rlim_cur + slack;
  static char alternate[1U << 16];
  const stack_t where{.ss_sp = alternate, .ss_flags = 0, .ss_size = sizeof alternate};
  sigaltstack(&where, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

inline int run_main(int argc, char** argv) {
  stack_top = reinterpret_cast<std::uintptr_t>(argv);
  catch_faults();
  for (const test_case* c = first_case; c != nullptr; c = c->next) {
    if (argc < 2) std::puts(c->name);
    if (argc == 2 && std::strcmp(argv[1], c->name) == 0) return c->body(), 0;
  }
  return argc < 2 ? 0 : 2;
}

// Counts live objects and catches a destructor that runs twice or on raw memory.
class counted {
 public:
  inline static int live = 0;
  inline static int made = 0;
  explicit counted(int v = 0) : self_(this), value(v) { ++live, ++made; }
  counted(const counted& other) : self_(this), value(other.value) { ++live, ++made; }
  counted(counted&& other) noexcept : self_(this), value(other.value) {
    other.value = -1;
    ++live, ++made;
  }
  counted& operator=(const counted& other) noexcept {
    value = other.value;
    return *this;
  }
  ~counted() {
    check(self_ == this, "object destroyed twice, or copied byte by byte", __LINE__);
    self_ = nullptr;
    --live;
  }

 private:
  const counted* self_;

 public:
  int value;
};

}

#define CHECK(...) ::torture::check((__VA_ARGS__), #__VA_ARGS__, __LINE__)
#define CASE(kind, name)                                \
  static void name();                                   \
  static ::torture::registrar name##_case{#name, name}; \
  static void name()

#if !defined(TORTURE_SECOND_UNIT)
int main(int argc, char** argv) { return torture::run_main(argc, argv); }
#endif
