// Facts about this build and this machine (see versions.hpp).
#include "versions.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

#include <dwell/version.hpp>

namespace bench {

namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

std::string kernel() {
  utsname system{};
  if (uname(&system) != 0) return "unknown";
  return std::string(system.sysname) + ' ' + system.release;
}

std::string memory() {
  const auto bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return std::to_string(static_cast<int>(bytes / (1 << 30) + 0.5)) + " GiB";
}

/// A machine that was busy before the first row makes every figure doubtful.
std::string load() {
  double average = 0;
  if (getloadavg(&average, 1) != 1) return "unknown";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", average);
  return text;
}

/// Knobs of the runtime that were turned from outside.
std::string environment() {
  std::string text;
  for (char** each = environ; *each != nullptr; ++each) {
    if (std::string_view(*each).starts_with("DWELL_")) text.append(*each).append(" ");
  }
  return text.empty() ? "no DWELL_* variable" : text;
}

std::string date() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%-d %B %Y, %H:%M UTC", &parts);
  return text;
}

}  // namespace

std::string compiler() {
#if defined(__clang__)
  const std::string text = "Clang " __clang_version__;
  return text.substr(0, text.find(' ', 6));
#else
  return "GCC " __VERSION__;
#endif
}

std::vector<fact> facts() {
  return {
      {"Date", date()},
      {"Dwell", DWELL_VERSION},
      {"Processor", processor()},
      {"Cores", std::to_string(std::thread::hardware_concurrency())},
      {"Memory", memory()},
      {"Kernel", kernel()},
      {"Compiler", compiler()},
      {"Flags", DWELL_BENCH_FLAGS},
      {"Environment", environment()},
      {"Load at the start", load()},
  };
}

}  // namespace bench
