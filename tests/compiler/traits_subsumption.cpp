// alone
// builds: O0 O2
// Two constrained specialisations of coroutine_traits of which one subsumes the other: GCC before
// 13 is said to call them ambiguous (libfork, promise.hpp). Ours has one, with no constraint.
#include <concepts>

#include "harness.hpp"
#include "tasks.hpp"

namespace torture {
struct wide {};
struct narrow {};
template <int N>
struct tagged {
  int tag = N;
};
template <class T>
concept any_tag = requires {
  typename T::tag_type;
};
template <class T>
concept big_tag = any_tag<T> &&(sizeof(T) > 4);
struct small_argument {
  using tag_type = int;
  char c = 0;
};
struct big_argument {
  using tag_type = int;
  double d = 0;
};
template <int N>
struct tagged_promise {
  tagged<0> get_return_object() noexcept { return {N}; }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() noexcept { std::terminate(); }
};
}
template <torture::any_tag A>
struct std::coroutine_traits<torture::tagged<0>, A> {
  using promise_type = torture::tagged_promise<1>;
};
template <torture::big_tag A>
struct std::coroutine_traits<torture::tagged<0>, A> {
  using promise_type = torture::tagged_promise<2>;
};
namespace {
torture::tagged<0> body(torture::small_argument) { co_return; }
torture::tagged<0> body(torture::big_argument) { co_return; }
}

CASE(recorded, subsumption) {
  CHECK(body(torture::small_argument{}).tag == 1);
  CHECK(body(torture::big_argument{}).tag == 2);
}
