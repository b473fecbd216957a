// The driver: which executions of a model are run, and what is said about them.
//
// The exhaustive part deepens: first no preemption, then one, then two. It costs little (each level
// dwarfs the one before) and a failure is found with the fewest switches that show it. Then come
// random executions without a bound. A failure prints its trace and a list of choices that replays
// exactly that execution.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "settings.hpp"

namespace model {

struct result {
  std::uint64_t executions = 0;
  /// Of these, cut short as equivalent to another.
  std::uint64_t cut = 0;
  std::uint64_t random_executions = 0;
  bool exhausted = false;
  bool failed = false;
  std::string failure;
  std::string trace;
  std::string choices;
  std::map<std::string, std::uint64_t> outcomes;

  bool saw(const char* outcome) const { return outcomes.count(outcome) != 0; }
};

class test {
 public:
  explicit test(const char* name) { settings_.name = name; }

  test& preemptions(unsigned n) { return settings_.preemptions = n, *this; }
  /// No bound on preemptions: for litmus tests, whose threads have two or three operations.
  test& every_schedule() { return preemptions(1000); }
  test& limit(std::uint64_t executions) { return settings_.limit = executions, *this; }
  test& random(std::uint64_t executions) { return settings_.random = executions, *this; }
  test& seed(std::uint64_t n) { return settings_.seed = n, *this; }
  test& reorderings(unsigned n) { return settings_.reorderings = n, *this; }
  test& steps(unsigned n) { return settings_.steps = n, *this; }
  test& patience(unsigned reads) { return settings_.patience = reads, *this; }
  test& spurious_failures(unsigned n) { return settings_.spurious_failures = n, *this; }
  test& spurious_wakes(unsigned n) { return settings_.spurious_wakes = n, *this; }
  test& stores_in_order() { return settings_.reorder_stores = false, *this; }
  test& symmetric_fences() { return settings_.symmetric_fences = true, *this; }
  test& allow_leaks() { return settings_.find_leaks = false, *this; }

  /// Explores and returns what was found.
  template <class F>
  result explore(F body) const {
    return run([](void* f) { (*static_cast<F*>(f))(); }, &body);
  }

  /// A model program's main: reads the command line, explores, prints; the exit status.
  template <class F>
  int main(int argc, char** argv, F body) {
    return main_with([](void* f) { (*static_cast<F*>(f))(); }, &body, argc, argv);
  }

 private:
  result run(void (*body)(void*), void* argument, const char* replay = nullptr) const;
  int main_with(void (*body)(void*), void* argument, int argc, char** argv);

  settings settings_;
};

}  // namespace model
