// Destroying a chain of a million frames that never finished.
//
// No compiler can save a destructor that recurses a million times, so the owner must not recurse.
// recursive   each frame's awaiter owns the child: overflows, recorded.
// leaf_first  the owner walks to the innermost running frame and destroys upwards, each frame
//             forgetting its child first. The order is the right one: a child's locals may refer
//             to its parent's. Relied on.
// deferred    for a task held as a parameter of a task, never started or finished: an owner that
//             is already inside a destroy queues the frame instead of recursing. Such a frame
//             holds nothing but its parameters, so the later moment hurts nobody. Relied on.
// drain       resume the leaf with an exception and let it unwind through final_suspend with the
//             transfer budget. This is what cancellation does. Relied on.
#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

constexpr int depth = 1'000'000;
constexpr int thrown_depth = 50'000;  // rethrowing is slow; this would overflow just as well

struct link {
  link* parent = nullptr;
  link* child = nullptr;
  link* queued = nullptr;
  std::coroutine_handle<> self = nullptr;
};

struct recursive {
  static void drop(link& root) { root.self.destroy(); }
};
struct leaf_first {
  static void drop(link& root) {
    link* at = &root;
    while (at->child != nullptr) at = at->child;
    while (true) {
      link* const up = at == &root ? nullptr : at->parent;
      if (up != nullptr) up->child = nullptr;
      at->self.destroy();
      if (up == nullptr) return;
      at = up;
    }
  }
};
struct deferred {
  inline static thread_local bool busy = false;
  inline static thread_local link* head = nullptr;
  static void drop(link& root) {
    root.queued = std::exchange(head, &root);
    if (std::exchange(busy, true)) return;
    while (head != nullptr) std::exchange(head, head->queued)->self.destroy();
    busy = false;
  }
};

template <class Drop>
struct chain {
  struct promise_type : link {
    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> h) noexcept {
        if (h.promise().parent == nullptr) return std::noop_coroutine();
        return budget::finish(h.promise().parent->self);
      }
      void await_resume() noexcept {}
    };
    promise_type() { self = std::coroutine_handle<promise_type>::from_promise(*this); }
    chain get_return_object() noexcept { return chain{this}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    final_awaiter final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  struct awaiter {
    link* child;
    link* parent = nullptr;
    ~awaiter() {
      if (parent != nullptr && std::exchange(parent->child, nullptr) != nullptr) Drop::drop(*child);
    }
    bool await_ready() noexcept { return false; }
    auto await_suspend(std::coroutine_handle<promise_type> h) noexcept {
      parent = &h.promise();
      parent->child = child;
      child->parent = parent;
      return budget::start(child->self);
    }
    void await_resume() noexcept {}
  };
  struct borrowed {
    link* child;
    bool await_ready() noexcept { return false; }
    auto await_suspend(std::coroutine_handle<promise_type> h) noexcept {
      child->parent = &h.promise();
      return budget::start(child->self);
    }
    void await_resume() noexcept {}
  };
  explicit chain(link* l) : frame(l) {}
  chain(chain&& other) noexcept : frame(std::exchange(other.frame, nullptr)) {}
  chain& operator=(chain&& other) noexcept {
    std::swap(frame, other.frame);
    return *this;
  }
  ~chain() {
    if (frame != nullptr) Drop::drop(*frame);
  }
  awaiter operator co_await() && noexcept { return {std::exchange(frame, nullptr)}; }
  borrowed operator co_await() & noexcept { return {frame}; }
  link* frame;
};

// The reference to the parent's local shows an order of destruction that would be wrong.
template <class Drop>
chain<Drop> descend(int n, counted* above) {
  counted mine(n);
  struct watch {
    counted* seen;
    ~watch() { CHECK(seen->value >= 0); }
  } const guard{above};
  if (n == 0) {
    co_await std::suspend_always{};
  } else {
    co_await descend<Drop>(n - 1, &mine);
  }
}
template <class Drop>
chain<Drop> wrap(chain<Drop> inner, counted) {
  co_await inner;
}
template <class Drop>
chain<Drop> leaf() {
  co_return;
}

template <class Drop>
void suspended_case() {
  counted base(depth);
  {
    auto root = descend<Drop>(depth, &base);
    drive(root.frame->self);
    CHECK(counted::live == depth + 2);
  }
  CHECK(counted::live == 1);
}
template <class Drop>
void wrapped_case(bool start) {
  {
    auto root = leaf<Drop>();
    for (int i = 0; i < depth; ++i) root = wrap<Drop>(std::move(root), counted(i));
    if (start) drive(root.frame->self);
    CHECK(std::coroutine_handle<>(root.frame->self).done() == start && counted::live == depth);
  }
  CHECK(counted::live == 0);
}

struct cancelled {};
struct cancel_point {
  std::coroutine_handle<>* out;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) noexcept { *out = h; }
  void await_resume() { throw cancelled{}; }
};
task<int> sleep_deep(int n, std::coroutine_handle<>& sleeper) {
  const counted local(n);
  if (n == 0) {
    co_await cancel_point{&sleeper};
    co_return 0;
  }
  const int below = co_await sleep_deep(n - 1, sleeper);
  co_return below + 1;
}
}

CASE(recorded, recursive_suspended) { suspended_case<recursive>(); }
CASE(recorded, recursive_unstarted) { wrapped_case<recursive>(false); }
CASE(recorded, recursive_finished) { wrapped_case<recursive>(true); }
CASE(relied, leaf_first_suspended) { suspended_case<leaf_first>(); }
CASE(relied, deferred_unstarted) { wrapped_case<deferred>(false); }
CASE(relied, deferred_finished) { wrapped_case<deferred>(true); }

CASE(relied, drain_by_exception) {
  std::coroutine_handle<> sleeper;
  auto root = sleep_deep(thrown_depth, sleeper);
  drive(root.get());
  CHECK(counted::live == thrown_depth + 1);
  drive(sleeper);
  CHECK(root.get().done() && counted::live == 0);
  bool seen = false;
  try {
    root.get().promise().result();
  } catch (const cancelled&) {
    seen = true;
  }
  CHECK(seen);
}
