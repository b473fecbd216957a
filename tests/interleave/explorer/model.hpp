// What a model is written with: test, spawn, check, var, name, observe, yield.
//
//   int main(int argc, char** argv) {
//     return model::test("a message is never read before it is written").main(argc, argv, [] {
//       model::atomic<bool> ready{false};
//       model::var<int> message{0};
//       model::name(message, "message");
//       auto writer = model::spawn("writer", [&] {
//         message = 42;
//         ready.store(true, std::memory_order_release);
//       });
//       auto reader = model::spawn("reader", [&] {
//         if (ready.load(std::memory_order_acquire)) model::check(message == 42, "it is there");
//       });
//     });
//   }
//
// The body runs once per execution, so all state must be local to it. It is itself the first model
// thread, and the natural successor of nobody: let it only spawn (threads join where their handles
// die, in reverse order, before the objects declared above them do), then check the final state.
#pragma once

#include <source_location>
#include <type_traits>
#include <utility>

#include "atomic.hpp"
#include "explore.hpp"
#include "heap.hpp"

namespace model {

/// Joins at its end of life, like std::jthread.
class [[nodiscard]] running {
 public:
  explicit running(unsigned id) : id_(id) {}
  running(running&& other) noexcept : id_(other.id_), joined_(std::exchange(other.joined_, true)) {}
  running& operator=(running&&) = delete;
  ~running() { join(); }

  void join() {
    if (!std::exchange(joined_, true)) now().join_thread(id_);
  }

 private:
  unsigned id_;
  bool joined_ = false;
};

template <class F>
running spawn(const char* name, F f) {
  const auto body = [](void* p) {
    auto* self = static_cast<F*>(p);
    (*self)();
    delete self;
  };
  auto* kept = new F(std::move(f));  // tracked, so an abandoned execution does not keep it
  return running(now().spawn(name, body, kept));
}

/// The claim of a model. The sentence says what should have held.
inline void check(bool holds, const char* sentence,
                  std::source_location where = std::source_location::current()) {
  if (!holds) now().fail("not so: %s (%s:%u)", sentence, where.file_name(), where.line());
}

/// Names an object, and with it every atomic inside it, in traces.
template <class T>
void name(const T& object, const char* text) {
  heap::engine_scope engine;
  now().record().name_region(&object, sizeof(T), text);
}

/// What this execution came to; the exploration collects the distinct ones.
[[gnu::format(printf, 1, 2)]] void observe(const char* format, ...);

/// The thread has nothing better to do until another one acts.
inline void yield(std::source_location where = std::source_location::current()) {
  now().yield(where);
}

/// One of 0 … count-1: what the world outside decides. Every one is tried.
inline unsigned choose(unsigned count) { return now().choose(count); }

/// Makes a thread_local pointer one for each model thread, null at first (they share one OS
/// thread). One such variable; at the beginning of the body.
template <class T>
void per_thread(T*& variable) {
  now().per_thread(reinterpret_cast<void**>(&variable));
}

/// The running model thread, in order of spawning; the body is 0.
inline unsigned this_thread() { return now().running_thread(); }

/// Plain memory: two conflicting accesses that happens-before does not order are a data race,
/// reported whichever of them the schedule ran first. Not a scheduling point.
template <class T>
class var {
  using source = std::source_location;

 public:
  var(T value = T{}, source where = source::current()) : value_(std::move(value)) { wrote(where); }
  ~var() { wrote(source::current()); }
  var(const var& other) : var(other.get()) {}
  var& operator=(const var& other) { return set(other.get()); }
  var& operator=(T value) { return set(std::move(value)); }

  T get(source where = source::current()) const {
    if (exploring()) now().plain_read(this, sizeof(T), history_, where);
    return value_;
  }
  var& set(T value, source where = source::current()) {
    wrote(where);
    value_ = std::move(value);
    return *this;
  }
  operator T() const { return get(); }
  T operator->() const requires std::is_pointer_v<T> { return get(); }
  var& operator+=(const T& n) { return set(static_cast<T>(get() + n)); }
  var& operator-=(const T& n) { return set(static_cast<T>(get() - n)); }
  var& operator++() { return *this += T{1}; }
  var& operator--() { return *this -= T{1}; }
  T operator++(int) { return std::exchange(*this, static_cast<T>(get() + T{1})).value_; }

 private:
  void wrote(source where) const {
    if (exploring()) now().plain_write(this, sizeof(T), history_, where);
  }

  T value_;
  mutable plain_history history_;
};

}  // namespace model
