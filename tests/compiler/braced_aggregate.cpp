// An aggregate written as braces inside a co_await expression: the same trouble as the temporaries,
// but the compilers that refuse it must not hide the other cases.
#include <string>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;
struct options {
  counted c;
  int more = 2;
  std::string name = "a string that is too long for the small buffer";
};
task<int> use(options o) { co_return o.c.value + o.more; }
task<int> braces() { co_return co_await use({counted(1), 2, "x"}); }
}

CASE(recorded, aggregate) {
  CHECK(run(braces()) == 3);
  CHECK(counted::live == 0);
}
