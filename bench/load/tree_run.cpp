// Timing of the fork trees (see tree_run.hpp).
#include "tree_run.hpp"

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"

namespace bench {

tree_run::tree_run(const row& subject, std::uint64_t expected)
    : size_(subject.get_number("n")),
      expected_(expected),
      repetitions_(subject.get_number("repetitions")) {}

bool tree_run::again() {
  begun_ns_ = now_ns();
  return took_ms_.size() <= repetitions_;
}

void tree_run::took(std::uint64_t result) {
  took_ms_.push_back(static_cast<double>(now_ns() - begun_ns_) / 1e6);
  if (result == expected_) return;
  failure_ = "got " + std::to_string(result) + ", expected " + std::to_string(expected_);
}

measurement tree_run::summary() const {
  const auto timed = spread_of({took_ms_.begin() + 1, took_ms_.end()});
  return {{{"ms", timed.median}}, {}, failure_};
}

std::uint64_t fibonacci(std::uint64_t n) {
  std::uint64_t a = 0, b = 1;
  for (; n > 0; --n) {
    const auto sum = a + b;
    a = b;
    b = sum;
  }
  return a;
}

}  // namespace bench
