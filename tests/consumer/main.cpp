// A user's program, built as users build: against the installed package, by pkg-config, and with
// Dwell's source tree inside their own. It crosses the library's edge in each way that a build can
// get wrong: code, templates, an exception thrown inside and caught outside, the version header,
// and what the library itself links.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include <dwell/dwell.hpp>
#include <dwell/version.hpp>

namespace {

dwell::task<int> after_a_sleep(int value) {
  co_await dwell::sleep_for(std::chrono::milliseconds(1));
  co_return value;
}

int twice(int n) { return 2 * n; }

dwell::task<int> fails() {
  co_await dwell::yield_now();
  throw std::runtime_error("as it should");
}

dwell::task<int> amain() {
  auto results = co_await dwell::gather(after_a_sleep(30), dwell::blocking(twice, 1),
                                        dwell::compute(twice, 5));
  auto& [waited, b, computed] = results;
  const int a = waited + computed;
  try {
    co_await dwell::gather(after_a_sleep(1), fails());
  } catch (const std::runtime_error& error) {
    co_return std::strcmp(error.what(), "as it should") == 0 ? a + b : -1;
  }
  co_return -1;
}

}  // namespace

int main() {
  const int answer = dwell::run(amain());
  std::printf("dwell %s: %d\n", DWELL_VERSION, answer);
  return answer == 42 ? 0 : 1;
}
