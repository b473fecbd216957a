// alone
// builds: O0 O2
// A braced list as an argument inside a co_await expression. GCC 12 refuses a list that becomes an
// initializer_list ("array used as initializer"), GCC 13 crashed in build_special_member_call.
// A program of its own, because it does not compile everywhere.
#include <vector>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;
task<int> sum(std::vector<int> v) {
  int total = 0;
  for (const int i : v) total += i;
  co_return total;
}
task<int> braces() { co_return co_await sum({1, 2, 3}); }
}

CASE(recorded, list) { CHECK(run(braces()) == 6); }
