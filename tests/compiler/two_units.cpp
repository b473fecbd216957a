// alone
// units: 2
// builds: O0 O2
// Coroutine templates keyed on lambdas of the same signature in two translation units: asio#1421
// had "Frame.destroy defined in discarded section" from the linker, or one unit running the code
// of the other. Each unit compiles this file; the second one only adds its own body.
#include "harness.hpp"
#include "tasks.hpp"

namespace torture {
template <class F>
task<int> shim(F f) {
  co_return co_await f();
}
inline task<int> shared(int v) { co_return v; }
inline auto inline_lambda() {
  return [](int v) -> task<int> { co_return co_await shared(v); };
}
int other_unit();
}

#if defined(TORTURE_SECOND_UNIT)
int torture::other_unit() {
  const auto body = []() -> task<int> { co_return 2; };
  return run(shim(body)) + run(shim([]() -> task<int> { co_return co_await shared(20); })) +
         run(inline_lambda()(200));
}
#else
CASE(relied, same_lambda_signature) {
  using namespace torture;
  const auto body = []() -> task<int> { co_return 1; };
  CHECK(run(shim(body)) + run(shim([]() -> task<int> { co_return co_await shared(10); })) +
            run(inline_lambda()(100)) ==
        111);
  CHECK(other_unit() == 222);
}
#endif
