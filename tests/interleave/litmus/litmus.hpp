// Self-tests of the explorer: small programs whose outcomes C++20 settles.
//
// An entry names the exact set of outcomes, so it fails both when a forbidden one is found and when
// an allowed one is missed: an explorer that is too strong is as useless as one that is too weak.
// Entries about errors name a piece of the sentence with which the exploration must fail instead.
#pragma once

#include <initializer_list>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/futex.hpp>

#include "../explorer/model.hpp"

namespace litmus {

using dwell::base::acq_rel;
using dwell::base::acquire;
using dwell::base::fence;
using dwell::base::relaxed;
using dwell::base::release;
using dwell::base::seq_cst;
using model::observe;
using model::spawn;
using model::var;
using number = dwell::base::atomic<int>;
using word = dwell::base::atomic<std::uint32_t>;

struct entry {
  using configure = void (*)(model::test&);

  /// A program with exactly these outcomes.
  entry(const char* what, std::initializer_list<const char*> exactly, void (*program)(),
        configure with = nullptr)
      : name(what), outcomes(exactly), body(program), settings(with) {
    all().push_back(this);
  }
  /// A program that must be reported with a sentence containing this.
  entry(const char* what, const char* expected_failure, void (*program)(), configure with = nullptr)
      : name(what), failure(expected_failure), body(program), settings(with) {
    all().push_back(this);
  }

  static std::vector<entry*>& all() {
    static std::vector<entry*> entries;
    return entries;
  }

  const char* name;
  std::vector<const char*> outcomes;
  const char* failure = nullptr;
  void (*body)();
  configure settings;
};

/// Two threads side by side, both ended when it returns.
template <class A, class B>
void both(A a, B b) {
  auto first = spawn("first", a);
  auto second = spawn("second", b);
}

}  // namespace litmus
