#include <array>

#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0 {

timed_out::timed_out(const std::string& what) : std::runtime_error(what) {}
timed_out::~timed_out() = default;

namespace scope {

namespace {

// In the largest unit that divides it: 1500ms is "1500 ms", 2s is "2 s".
std::string to_text(std::chrono::nanoseconds d) {
  struct unit {
    std::int64_t ns;
    const char* name;
  };
  constexpr std::array<unit, 3> units{{{1'000'000'000, " s"}, {1'000'000, " ms"}, {1'000, " us"}}};
  for (const unit& u : units)
    if (d.count() % u.ns == 0) return std::to_string(d.count() / u.ns) + u.name;
  return std::to_string(d.count()) + " ns";
}

}  // namespace

void throw_timed_out(std::chrono::nanoseconds limit) {
  throw timed_out("timed out after " + to_text(limit));
}
void throw_idle(std::chrono::nanoseconds limit) {
  throw timed_out("no progress for " + to_text(limit));
}
void throw_late_cleanup(std::chrono::nanoseconds grace) {
  throw timed_out("the cleanup of a finally did not end within its grace of " + to_text(grace));
}
void throw_deadline_passed() { throw timed_out("timed out: the deadline has passed"); }

}  // namespace scope

}  // namespace dwell::inline v0
