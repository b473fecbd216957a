#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include <dwell/llm/retry_after.hpp>
#include <dwell/os/wall_clock.hpp>

namespace dwell::inline v0::llm {

namespace {

using std::chrono::nanoseconds;

// More than anybody waits; and no overflow.
constexpr double longest_ms = 1e12;

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

nanoseconds from_ms(double ms) {
  if (!(ms > 0)) return {};
  const std::chrono::duration<double, std::milli> exact(std::min(ms, longest_ms));
  return std::chrono::duration_cast<nanoseconds>(exact);
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers may send.
std::optional<std::chrono::sys_seconds> date_of(std::string_view text) {
  static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t month = months.find(text.substr(8, 3));
  const auto day = digits(text.substr(5, 2));
  const auto year = digits(text.substr(12, 4));
  const auto hour = digits(text.substr(17, 2));
  const auto minute = digits(text.substr(20, 2));
  const auto second = digits(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (!day || !year || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(*day)});
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

}  // namespace

nanoseconds retry_after(const http::fields& headers) {
  if (const auto ms = headers.get("retry-after-ms"))
    if (const auto value = number_of(*ms)) return from_ms(*value);
  const auto text = headers.get("Retry-After");
  if (!text) return {};
  if (const auto seconds = number_of(*text)) return from_ms(*seconds * 1e3);
  const auto date = date_of(*text);
  return date ? std::max(nanoseconds(*date - os::wall_now()), nanoseconds::zero()) : nanoseconds{};
}

}  // namespace dwell::inline v0::llm
