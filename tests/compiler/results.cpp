// What users do with the result of an await: bind it to a reference, loop over it, pass it on,
// return it, throw it. Each is ordinary code that must work on every compiler, so all are relied
// on. A result whose life the compiler fails to extend is caught by the counted object.
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

task<counted> make(int v) { co_return counted(v); }
task<std::vector<int>> list() {
  std::vector<int> v(3, 2);
  co_return v;
}
task<std::string> text() { co_return std::string(40, 'x'); }
task<std::unique_ptr<int>> owned(int v) { co_return std::make_unique<int>(v); }
task<std::optional<counted>> maybe(bool some) {
  std::optional<counted> result;
  if (some) result.emplace(4);
  co_return result;
}
int add(const counted& a, const std::string& s, const counted& b) {
  return a.value + static_cast<int>(s.size()) + b.value;
}

task<> bind_to_reference() {
  const auto& a = co_await make(1);
  auto&& b = co_await make(2);
  co_await make(3);
  CHECK(counted::live == 2 && a.value == 1 && b.value == 2);
}
task<> loop_over_result() {
  int sum = 0;
  const auto values = co_await list();
  for (const int v : values) sum += v + (co_await make(1)).value;
  CHECK(sum == 9);
}
task<> loop_over_temporary() {
  int sum = 0;
  for (const int v : co_await list()) sum += v;
  CHECK(sum == 6);
}
task<> pass_as_arguments() {
  const int sum = add(co_await make(1), co_await text(), co_await make(2));
  CHECK(sum == 43);
}
task<> member_of_result() {
  CHECK((co_await text()).size() == 40);
  CHECK(*co_await owned(5) == 5);
}
task<> in_if_and_switch() {
  if (const auto m = co_await maybe(true); m) CHECK(m->value == 4);
  switch ((co_await make(2)).value) {
    case 2:
      co_return;
    default:
      CHECK(false);
  }
}
task<std::unique_ptr<int>> pass_on() {
  auto p = co_await owned(6);
  *p += *(co_await owned(1));
  co_return p;
}
task<std::tuple<counted, std::string>> build_from_awaits() {
  counted c = co_await make(8);
  std::string s = co_await text();
  co_return std::tuple<counted, std::string>(std::move(c), std::move(s));
}
task<int> throw_result() {
  try {
    const auto c = co_await make(9);
    throw c;
  } catch (const counted& c) {
    co_return c.value;
  }
}
task<int> assign_into() {
  counted c(0);
  c = co_await make(3);
  std::vector<counted> many;
  many.push_back(co_await make(4));
  many.push_back(co_await make(5));
  co_return c.value + many[0].value + many[1].value;
}
template <class T>
void balanced(task<T> t) {
  run(std::move(t));
  CHECK(counted::live == 0);
}
}

CASE(relied, bound_to_reference) { balanced(bind_to_reference()); }
CASE(relied, looped_over) { balanced(loop_over_result()); }
CASE(relied, looped_over_in_place) { balanced(loop_over_temporary()); }
CASE(relied, passed_as_arguments) { balanced(pass_as_arguments()); }
CASE(relied, member_access) { balanced(member_of_result()); }
CASE(relied, if_and_switch) { balanced(in_if_and_switch()); }
CASE(relied, passed_on) { CHECK(*run(pass_on()) == 7); }
CASE(relied, tuple_of_awaits) {
  CHECK(std::get<0>(run(build_from_awaits())).value == 8);
  CHECK(counted::live == 0);
}
CASE(relied, thrown) { CHECK(run(throw_result()) == 9); }
CASE(relied, assigned) { CHECK(run(assign_into()) == 12); }
