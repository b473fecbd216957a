// Where std::source_location::current() points when it is a default argument of a function that
// the compiler calls on behalf of the coroutine. The library wants two facts: which coroutine a
// frame belongs to (get_return_object) and at which await it sleeps (await_transform).
//
// Lines differ: Clang names the line of the declaration and of the co_await keyword, GCC the
// closing brace and the end of the operand. So a creation line lies within the function and an
// await line within the expression; more may not be assumed. A promise constructor works as well,
// but a default member initialiser does not: it names the constructor of the promise.
#include <coroutine>
#include <exception>
#include <source_location>
#include <string_view>

#include "harness.hpp"

namespace {
using location = std::source_location;
using namespace torture;

location awaited;  // the last await_transform

struct probe {
  struct promise_type {
    explicit promise_type(location l = location::current()) : constructed(l) {}
    location constructed;
    location member = location::current();
    location created;
    probe get_return_object(location l = location::current()) {
      created = l;
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
    std::suspend_always await_transform(int, location l = location::current()) noexcept {
      awaited = l;
      return {};
    }
  };
  std::coroutine_handle<promise_type> handle;
};

bool within(const location& l, unsigned first, unsigned last) {
  return first <= l.line() && l.line() <= last &&
         std::string_view(l.file_name()).ends_with("source_location.cpp");
}
bool names(const location& l, std::string_view part) {
  return std::string_view(l.function_name()).find(part) != std::string_view::npos;
}
struct awaits_in_place {
  probe& p;
  ~awaits_in_place() { p.handle.destroy(); }
  bool at(unsigned first, unsigned last) const {
    p.handle.resume();
    return within(awaited, first, last);
  }
};

template <class T>
struct object {
  template <class U>
  probe member(U);
};
}

#define AWAIT(x) co_await x
#line 1000
namespace {
namespace deep {
probe function(int,    // 1002
               int) {  // 1003
  co_await 1;          // 1004
  co_await             // 1005
      2;
  AWAIT(3);  // 1007
}
}
template <class T>
template <class U>
probe object<T>::member(U) {  // 1012
  co_await 1;                 // 1013
}
}
#line 100

CASE(relied, creation_site) {
  const auto p = deep::function(1, 2);
  const auto& at = p.handle.promise().created;
  CHECK(within(at, 1002, 1008));
  CHECK(names(at, "deep::function(int, int)"));
  p.handle.destroy();
}
CASE(relied, creation_site_of_template_member) {
  const auto p = object<long>().member(1U);
  const auto& at = p.handle.promise().created;
  CHECK(within(at, 1012, 1014) && names(at, "object<") && names(at, "::member("));
  p.handle.destroy();
}
CASE(relied, creation_site_of_lambda) {
  const unsigned line = __LINE__ + 1;
  const auto body = [](int) -> probe { co_return; };
  const auto p = body(1);
  CHECK(within(p.handle.promise().created, line, line));
  CHECK(names(p.handle.promise().created, "creation_site_of_lambda()"));
  p.handle.destroy();
}
CASE(relied, await_site) {
  auto p = deep::function(1, 2);
  const awaits_in_place awaits{p};
  p.handle.resume();
  CHECK(within(awaited, 1004, 1004));
  CHECK(awaits.at(1005, 1006));
  CHECK(awaits.at(1007, 1007));
}
CASE(relied, one_pointer) { static_assert(sizeof(location) == sizeof(void*)); }
CASE(recorded, await_site_names_the_function_as_written) {
  auto p = deep::function(1, 2);
  p.handle.resume();
  CHECK(names(awaited, "deep::function(int, int)"));
  p.handle.destroy();
}
CASE(recorded, creation_line_is_the_declaration) {
  const auto p = deep::function(1, 2);
  CHECK(within(p.handle.promise().created, 1002, 1002));
  p.handle.destroy();
}
CASE(recorded, promise_constructor_argument) {
  const auto p = deep::function(1, 2);
  CHECK(within(p.handle.promise().constructed, 1002, 1008));
  CHECK(names(p.handle.promise().constructed, "deep::function(int, int)"));
  p.handle.destroy();
}
CASE(recorded, promise_member_initialiser) {
  const auto p = deep::function(1, 2);
  CHECK(within(p.handle.promise().member, 1002, 1008));
  p.handle.destroy();
}
