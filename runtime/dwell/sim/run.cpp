#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <optional>

#include <dwell/os/clock.hpp>
#include <dwell/sim/run.hpp>
#include <dwell/sim/world.hpp>
#include <dwell/task/cancelled.hpp>

namespace dwell::inline v0::sim {

namespace {

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const cancelled&) {
    return "dwell::cancelled";
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

std::optional<std::uint64_t> number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const char* const end = text + std::strlen(text);
  std::uint64_t value = 0;
  if (const auto [to, error] = std::from_chars(text, end, value); error != std::errc{} || to != end)
    throw settings_error(std::string(variable) + "=" + text + ": expected a whole number");
  return value;
}

}  // namespace

limit_exceeded::limit_exceeded(const std::string& report) : std::runtime_error(report) {}
limit_exceeded::~limit_exceeded() = default;

void run_root(core::frame_header& root, std::uint64_t seed, const options& o,
              std::source_location here) {
  engine::refuse_nested_run(root, here);
  source chance(seed);
  const os::stand_in_guard guard(chance);
  std::optional<world> w;
  try {
    w.emplace(chance, o);
  } catch (...) {
    root.skipped = true;  // that it never ran is not the user's mistake
    throw;
  }
  w->run_root(root, here);
}

// The replay comes last, on a line of its own: what() may have many.
void print_replay(std::uint64_t seed, const std::exception_ptr& error,
                  const std::source_location& here) noexcept {
  std::fprintf(stderr,
               "dwell: sim::run at %s:%u failed: %s\n"
               "dwell: replay it with DWELL_SIM_SEED=%llu %s\n",
               here.file_name(), here.line(), text_of(error).c_str(),
               static_cast<unsigned long long>(seed), program_invocation_name);
}

std::chrono::steady_clock::time_point now() noexcept {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(os::now_ns()));
}

std::vector<std::uint64_t> seeds(std::size_t count) {
  if (const auto only = number_in("DWELL_SIM_SEED")) return {*only};
  std::vector<std::uint64_t> all(number_in("DWELL_SIM_SEEDS").value_or(count));
  std::iota(all.begin(), all.end(), std::uint64_t{1});
  return all;
}

}  // namespace dwell::inline v0::sim
