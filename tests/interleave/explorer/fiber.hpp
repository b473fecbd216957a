// One model thread's stack, switched to and from by hand.
//
// All model threads share one operating-system thread, so a "context switch" is a jump. The first
// entry goes through makecontext; later switches are _setjmp/_longjmp, because swapcontext makes a
// system call each way to save a signal mask that nobody here changes. A fiber that finished its
// body waits inside enter(), so the next execution restarts it with a jump too.
//
// Rejected: one std::thread per model thread with a hand-over lock. It works, and is a hundred
// times slower.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <ucontext.h>

namespace model {

class fiber {
 public:
  using body = void (*)(void*);

  fiber() = default;
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;
  ~fiber();

  /// The next switch to this fiber runs `what(context)` from its beginning.
  void prepare(body what, void* context);

  /// Saves the running stack in `from` and continues `to`.
  static void switch_to(fiber& from, fiber& to);

  /// The last act of a body: continues `to`; comes back when this fiber is prepared again.
  static void finish(fiber& self, fiber& to);

 private:
  // The C++ run-time keeps the stack of caught exceptions per OS thread; each fiber has its own.
  struct exception_state {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  static void enter();
  void start();

  std::jmp_buf jump_;
  ucontext_t context_;
  std::byte* stack_ = nullptr;
  body body_ = nullptr;
  void* argument_ = nullptr;
  exception_state exceptions_;
  bool started_ = false;
  bool idle_ = false;
};

}  // namespace model
