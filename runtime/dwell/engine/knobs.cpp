#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <type_traits>

#include <dwell/engine/knobs.hpp>

namespace dwell::inline v0::engine {

namespace {

template <auto Member>
constexpr knob number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  return {name,
          name,
          least,
          most,
          [](const settings& s) { return static_cast<std::uint64_t>(s.*Member); },
          [](settings& s, std::uint64_t v) { s.*Member = static_cast<unsigned>(v); }};
}

// A negative duration becomes a huge number, and is refused as such.
template <auto Member, class Unit>
constexpr knob duration(std::string_view key, std::string_view member, std::uint64_t most) {
  return {key,
          member,
          0,
          most,
          [](const settings& s) {
            return static_cast<std::uint64_t>(std::chrono::floor<Unit>(s.*Member).count());
          },
          [](settings& s, std::uint64_t v) { s.*Member = Unit(static_cast<std::int64_t>(v)); }};
}

template <auto Member>
constexpr knob milliseconds(std::string_view key, std::string_view member) {
  constexpr std::uint64_t a_day = 86'400'000;
  return duration<Member, std::chrono::milliseconds>(key, member, a_day);
}

constexpr std::array<std::string_view, 2> reactor_words{"shared", "dedicated"};
constexpr std::array<std::string_view, 2> io_words{"epoll", "io_uring"};

// An enumeration, by one word for each of its values.
template <auto Member, const auto& Words>
constexpr knob choice(std::string_view name) {
  return {name,
          name,
          0,
          Words.size() - 1,
          [](const settings& s) { return static_cast<std::uint64_t>(s.*Member); },
          [](settings& s, std::uint64_t v) {
            s.*Member = static_cast<std::remove_reference_t<decltype(s.*Member)>>(v);
          },
          Words};
}

constexpr std::array table{
    number<&settings::threads>("threads", 0, 1024),
    duration<&settings::timer_slack, std::chrono::microseconds>(
        "timer_slack_us", "timer_slack (in microseconds)", 1'000'000),
    number<&settings::spin>("spin", 0, 1'000'000),
    number<&settings::lifo_cap>("lifo_cap", 0, 1'000),
    number<&settings::fairness_interval>("fairness_interval", 1, 1'000'000),
    number<&settings::steal_width>("steal_width", 1, 2'048),
    number<&settings::timer_batch>("timer_batch", 1, 126),
    choice<&settings::reactor, reactor_words>("reactor"),
    choice<&settings::io, io_words>("io"),
    number<&settings::frame_cache>("frame_cache", 64, 1'000'000),
    number<&settings::blocking_threads>("blocking_threads", 1, 100'000),
    milliseconds<&settings::blocking_keep_alive>("blocking_keep_alive_ms",
                                                 "blocking_keep_alive (in milliseconds)"),
    number<&settings::compute_threads>("compute_threads", 0, 1024),
    milliseconds<&settings::watchdog_after>("watchdog_ms", "watchdog_after (in milliseconds)"),
    milliseconds<&settings::compute_watchdog_after>("compute_watchdog_ms",
                                                    "compute_watchdog_after (in milliseconds)"),
    milliseconds<&settings::shutdown_grace>("shutdown_grace_ms",
                                            "shutdown_grace (in milliseconds)"),
};

constexpr std::string_view prefix = "DWELL_";

}  // namespace

std::string knob::allowed() const {
  if (choices.empty())
    return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  std::string words;
  for (const auto& each : choices) words += (words.empty() ? "" : " or ") + std::string(each);
  return words;
}

bool knob::take(settings& into, std::string_view text) const {
  std::uint64_t value = 0;
  if (choices.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
  } else {
    value = static_cast<std::uint64_t>(std::ranges::find(choices, text) - choices.begin());
  }
  if (!allows(value)) return false;
  set(into, value);
  return true;
}

std::span<const knob> knobs() { return table; }

const knob* find_knob(std::string_view key) {
  const auto* const found = std::ranges::find(table, key, &knob::key);
  return found == table.end() ? nullptr : found;
}

std::string variable_of(std::string_view key) {
  std::string variable(prefix);
  for (const char c : key) variable += static_cast<char>(std::toupper(c));
  return variable;
}

std::string key_of(std::string_view variable) {
  if (!variable.starts_with(prefix)) return {};
  std::string key;
  for (const char c : variable.substr(prefix.size())) key += static_cast<char>(std::tolower(c));
  return key;
}

}  // namespace dwell::inline v0::engine
