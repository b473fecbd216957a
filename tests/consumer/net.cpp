// A user's program on dwell::net: what that links in turn has to be found.
#include <cstdio>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/resolver.hpp>

namespace {

dwell::task<bool> amain() {
  dwell::net::resolver names;
  const std::vector<dwell::net::endpoint> found = co_await names.resolve("localhost", 80);
  co_return !found.empty();
}

}  // namespace

int main() {
  const bool good = dwell::run(amain());
  std::puts(good ? "localhost was found" : "localhost was not found");
  return good ? 0 : 1;
}
