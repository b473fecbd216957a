#include <string_view>

#include <dwell/http/date.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::string_view weekdays[] = {"Sun, ", "Mon, ", "Tue, ", "Wed, ",
                                         "Thu, ", "Fri, ", "Sat, "};
constexpr std::string_view months[] = {" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                       " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};

void append_two_digits(std::string& to, unsigned n) {
  to += static_cast<char>('0' + n / 10 % 10);
  to += static_cast<char>('0' + n % 10);
}

}  // namespace

void append_date(std::string& to, std::chrono::sys_seconds at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto second = static_cast<unsigned>((at - day).count());
  to += weekdays[std::chrono::weekday(day).c_encoding()];
  append_two_digits(to, static_cast<unsigned>(date.day()));
  to += months[static_cast<unsigned>(date.month()) - 1];
  append_two_digits(to, year / 100);
  append_two_digits(to, year);
  to += ' ';
  append_two_digits(to, second / 3600);
  to += ':';
  append_two_digits(to, second / 60 % 60);
  to += ':';
  append_two_digits(to, second % 60);
  to += " GMT";
}

}  // namespace dwell::inline v0::http
