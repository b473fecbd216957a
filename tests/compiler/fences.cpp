// TSan does not model std::atomic_thread_fence: a correct program with fences gets a false race.
// So our fence is a read-modify-write under TSan, which is relied on; the plain one is recorded.
#include <atomic>
#include <thread>

#include "harness.hpp"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif

namespace {
using namespace torture;

int data = 0;
std::atomic<int> flag{0};
std::atomic<int> anchor{0};

void plain_fence() { std::atomic_thread_fence(std::memory_order_seq_cst); }
void wrapped_fence() { anchor.fetch_add(0, std::memory_order_seq_cst); }

void message_passing(void (*fence)()) {
  std::thread writer([fence] {
    data = 1;
    fence();
    flag.store(1, std::memory_order_relaxed);
  });
  while (flag.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
  fence();
  CHECK(data == 1);
  writer.join();
}
}

CASE(recorded, plain) { message_passing(plain_fence); }
CASE(relied, as_read_modify_write) { message_passing(wrapped_fence); }
