// The meters (see resources.hpp).
#include "resources.hpp"

#include <cstdio>
#include <stdexcept>
#include <sys/resource.h>
#include <time.h>

namespace bench {

namespace {

std::int64_t as_ns(const timeval& time) noexcept {
  return time.tv_sec * 1'000'000'000LL + time.tv_usec * 1'000LL;
}

}  // namespace

std::int64_t now_ns() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

std::int64_t cpu_ns() noexcept {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return as_ns(usage.ru_utime) + as_ns(usage.ru_stime);
}

std::uint64_t peak_resident_bytes() {
  auto* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) throw std::runtime_error("cannot open /proc/self/status");
  unsigned long long kilobytes = 0;
  bool found = false;
  char line[256];
  while (!found && std::fgets(line, sizeof line, file) != nullptr) {
    found = std::sscanf(line, "VmHWM: %llu kB", &kilobytes) == 1;
  }
  std::fclose(file);
  if (!found) throw std::runtime_error("/proc/self/status has no VmHWM line");
  return kilobytes * 1024;
}

}  // namespace bench
