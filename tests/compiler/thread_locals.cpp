// Thread-local state over a suspension that ends on another thread. A compiler may keep the
// address of a thread_local, pthread_self() or errno in the frame, because each looks constant
// within one function (llvm#47179, #47177, #63022). The library reaches its worker only through
// functions that are never inlined; direct use is recorded.
#include <cerrno>
#include <pthread.h>
#include <thread>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

thread_local int which_thread = 0;

[[gnu::noinline]] int& slot_out_of_line() {
  // Without the barrier an optimiser may still see that the function has no effects.
  asm volatile("" ::: "memory");
  return which_thread;
}

template <class Body>
void move_to_another_thread(Body body) {
  which_thread = 1;
  std::coroutine_handle<> parked;
  const auto t = body(parked);
  drive(t.get());
  std::thread([&] {
    which_thread = 2;
    drive(parked);
  }).join();
  CHECK(t.get().done());
  t.get().promise().result();
}

task<> direct(std::coroutine_handle<>& out) {
  CHECK(which_thread == 1);
  co_await suspend_here{&out};
  CHECK(which_thread == 2);
}
task<> by_function(std::coroutine_handle<>& out) {
  CHECK(slot_out_of_line() == 1);
  co_await suspend_here{&out};
  CHECK(slot_out_of_line() == 2);
}
// Clang 19 computes the address again after the suspension, so the reference changes its object.
task<> by_reference(std::coroutine_handle<>& out) {
  const int& mine = which_thread;
  co_await suspend_here{&out};
  CHECK(&mine != &slot_out_of_line());
}
task<> by_pthread_self(std::coroutine_handle<>& out) {
  const pthread_t before = pthread_self();
  co_await suspend_here{&out};
  CHECK(pthread_equal(before, pthread_self()) == 0);
}
task<> errno_moves(std::coroutine_handle<>& out) {
  const int* const before = &errno;
  co_await suspend_here{&out};
  CHECK(&errno != before);
}
[[gnu::noinline]] int* errno_out_of_line() {
  asm volatile("" ::: "memory");
  return &errno;
}
task<> errno_by_function(std::coroutine_handle<>& out) {
  const int* const before = errno_out_of_line();
  co_await suspend_here{&out};
  CHECK(errno_out_of_line() != before);
}
}

CASE(relied, through_a_function) { move_to_another_thread(by_function); }
CASE(recorded, reference_held_over_await) { move_to_another_thread(by_reference); }
CASE(recorded, used_directly) { move_to_another_thread(direct); }
CASE(recorded, pthread_self_used_directly) { move_to_another_thread(by_pthread_self); }
CASE(recorded, errno_used_directly) { move_to_another_thread(errno_moves); }
CASE(relied, errno_through_a_function) { move_to_another_thread(errno_by_function); }
