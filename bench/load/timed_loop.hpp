// One thing done many times in a row from inside a runtime: a tenth of the times to warm up, then
// the clock runs.
#pragma once

#include <cstdint>
#include <string>

#include "../harness/resources.hpp"
#include "../harness/row.hpp"

namespace bench {

class timed_loop {
 public:
  explicit timed_loop(std::uint64_t n) : n_(n), warm_up_(n / 10) {}

  /// How often to do it, the warm-up included.
  [[nodiscard]] std::uint64_t times() const { return warm_up_ + n_; }

  /// Before each time; the clock starts with the first that counts.
  void before(std::uint64_t i) {
    if (i == warm_up_) begun_ns_ = now_ns();
  }

  /// After the last.
  void end() { took_ns_ = now_ns() - begun_ns_; }

  /// The first wrong answer is the run's failure.
  void expect(std::uint64_t got, std::uint64_t wanted) {
    if (got == wanted || !failure_.empty()) return;
    failure_ = "got " + std::to_string(got) + ", expected " + std::to_string(wanted);
  }

  /// One metric: nanoseconds for each time.
  [[nodiscard]] measurement summary(const std::string& metric) const {
    return {{{metric, static_cast<double>(took_ns_) / static_cast<double>(n_)}}, {}, failure_};
  }

 private:
  std::uint64_t n_;
  std::uint64_t warm_up_;
  std::int64_t begun_ns_ = 0;
  std::int64_t took_ns_ = 0;
  std::string failure_ = {};
};

}  // namespace bench
