// Runs every litmus entry; the last line is "N passed, N failed".
#include <cstdio>
#include <cstring>
#include <string>

#include "litmus.hpp"

namespace {

std::string listed(const model::result& r) {
  std::string text;
  for (const auto& [outcome, count] : r.outcomes) text += " {" + outcome + "}";
  return text;
}

std::string complaint(const litmus::entry& e, const model::result& r) {
  if (e.failure != nullptr) {
    if (!r.failed) return "nothing was reported";
    return r.failure.find(e.failure) == std::string::npos ? "reported instead: " + r.failure : "";
  }
  if (r.failed) return r.failure + "\n" + r.trace;
  for (const char* outcome : e.outcomes) {
    if (!r.saw(outcome)) return "missed {" + std::string(outcome) + "}, found" + listed(r);
  }
  if (r.outcomes.size() != e.outcomes.size()) return "forbidden outcomes found:" + listed(r);
  return r.exhausted ? "" : "the search was not exhaustive";
}

bool passes(const litmus::entry& e) {
  model::test t(e.name);
  t.every_schedule().random(200);
  if (e.settings != nullptr) e.settings(t);
  const model::result r = t.explore(e.body);
  const std::string wrong = complaint(e, r);
  std::printf("%-4s %8llu  %s\n", wrong.empty() ? "ok" : "BAD",
              static_cast<unsigned long long>(r.executions), e.name);
  if (!wrong.empty()) std::printf("     %s\n", wrong.c_str());
  return wrong.empty();
}

}  // namespace

int main(int argc, char** argv) {
  unsigned passed = 0;
  unsigned failed = 0;
  for (const litmus::entry* e : litmus::entry::all()) {
    if (argc > 1 && std::strstr(e->name, argv[1]) == nullptr) continue;
    (passes(*e) ? passed : failed) += 1;
  }
  std::printf("%u passed, %u failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}
