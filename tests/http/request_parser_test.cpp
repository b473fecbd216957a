// Heads of requests: what is good, under every split of its bytes, and what is refused.
#include <cstddef>
#include <gtest/gtest.h>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/http/request_parser.hpp>
#include <dwell/http/status.hpp>

#include "http/named_case.hpp"

namespace {

namespace http = dwell::http;
namespace net = dwell::net;
using namespace std::string_literals;

// What a parser makes of bytes.
struct parsed {
  int refused = 0;  // the status, or 0
  bool complete = false;
  std::string rest{};  // what it left
  std::string text{};  // method, target, version and fields
  bool operator==(const parsed&) const = default;
};
std::ostream& operator<<(std::ostream& to, const parsed& p) {
  return to << (p.complete ? "complete " : "incomplete ") << p.refused << ' ' << p.text << " | "
            << p.rest;
}

std::string text_of(const http::request_head& head) {
  std::string text = head.method + ' ' + head.target + ' ' + std::to_string(head.minor_version);
  for (const auto& [name, value] : head.headers) text += '|' + name + '=' + value;
  if (head.body == http::framing::chunked) text += "|chunked";
  if (head.length > 0) text += "|length " + std::to_string(head.length);
  if (head.expects_continue) text += "|expects";
  if (!head.keep_alive) text += "|closes";
  if (head.wants_https) text += "|https";
  return text;
}

parsed parse(const std::vector<std::string_view>& pieces, const http::request_limits& limits = {}) {
  http::request_parser parser(limits);
  parsed out;
  try {
    for (const std::string_view piece : pieces) {
      // A copy of its own size: who looks beyond it meets AddressSanitizer.
      const std::vector<char> copy(piece.begin(), piece.end());
      net::const_bytes input = net::bytes_of({copy.data(), copy.size()});
      if (!out.complete) out.complete = parser.feed(input);
      out.rest += net::text_of(input);
    }
  } catch (const http::status_error& e) {
    return {.refused = e.status()};
  }
  if (out.complete) out.text = text_of(parser.head());
  return out;
}

parsed parse_all_splits(std::string_view text, const http::request_limits& limits = {}) {
  const parsed whole = parse({text}, limits);
  for (std::size_t a = 0; a <= text.size(); ++a)
    EXPECT_EQ(parse({text.substr(0, a), text.substr(a)}, limits), whole) << "cut at " << a;
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  EXPECT_EQ(parse(bytes, limits), whole) << "byte by byte";
  return whole;
}

// ---- Good requests ----

struct good_request {
  const char* name;
  std::string text;
  std::string wanted;
};
std::ostream& operator<<(std::ostream& to, const good_request& r) { return to << r.name; }

const good_request good[] = {
    {"get", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1|Host=a"},
    {"query", "GET /a/b?c=[d]&e=%20|{f} HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /a/b?c=[d]&e=%20|{f} 1|Host=a"},
    {"any_method", "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", "M-SEARCH / 1|Host=a"},
    {"one_empty_line_before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / 1|Host=a"},
    {"length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
     "POST / 1|Host=a|Content-Length=5|length 5"},
    {"length_with_zeros",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000005\r\n\r\n",
     "POST / 1|Host=a|Content-Length=0000000000000000000005|length 5"},
    {"chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n",
     "POST / 1|Host=a|Transfer-Encoding=Chunked|chunked"},
    {"white_space_around_values", "GET / HTTP/1.1\r\nHost:a\r\nA: \t b c\t \r\nB:\r\n\r\n",
     "GET / 1|Host=a|A=b c|B="},
    {"bytes_beyond_ascii_in_values", "GET / HTTP/1.1\r\nHost: a\r\nA: \xC3\xA9\xFF\r\n\r\n",
     "GET / 1|Host=a|A=\xC3\xA9\xFF"},
    {"hosts", "GET / HTTP/1.1\r\nhOST: [::1]:8080\r\n\r\n", "GET / 1|hOST=[::1]:8080"},
    {"absolute_target", "GET http://A.example:80/b?c HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
     "GET /b?c 1|Host=a.example:80"},
    {"absolute_target_without_a_path", "GET HTTP://a?b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /?b 1|Host=a"},
    {"absolute_target_for_a_host", "GET http://a:80/b HTTP/1.0\r\n\r\n",
     "GET /b 0|Host=a:80|closes"},
    {"absolute_target_of_https", "GET HttpS://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /b 1|Host=a|https"},
    {"upgrade_is_not_taken",
     "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
     "GET / 1|Host=a|Connection=Upgrade|Upgrade=h2c"},
    {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * 1|Host=a"},
    {"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n",
     "GET / 1|Host=a|Connection=x, CLOSE|closes"},
    {"http_1_0", "GET / HTTP/1.0\r\n\r\n", "GET / 0|closes"},
    {"a_later_minor_version_is_1_1", "GET / HTTP/1.7\r\nHost: a\r\n\r\n", "GET / 1|Host=a"},
    {"expectation",
     "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
     "POST / 1|Host=a|Expect=100-Continue|Content-Length=1|length 1|expects"},
    {"expectation_of_1_0_is_ignored", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
     "GET / 0|Expect=100-continue|closes"},
};

class a_good_request : public testing::TestWithParam<good_request> {};
INSTANTIATE_TEST_SUITE_P(table, a_good_request, testing::ValuesIn(good),
                         dwell_test::case_name<good_request>);

TEST_P(a_good_request, is_understood_under_every_split) {
  const parsed wanted{.complete = true, .rest = "", .text = GetParam().wanted};
  EXPECT_EQ(parse_all_splits(GetParam().text), wanted);
}

TEST_P(a_good_request, leaves_what_follows_it) {
  EXPECT_EQ(parse_all_splits(GetParam().text + "GET /next").rest, "GET /next");
}

TEST_P(a_good_request, is_incomplete_until_its_last_byte) {
  const std::string_view text = GetParam().text;
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_EQ(parse({text.substr(0, n)}), parsed{}) << n << " bytes";
}

// ---- Bad requests ----

struct bad_request {
  const char* name;
  std::string text;
  int status = 400;
};
std::ostream& operator<<(std::ostream& to, const bad_request& r) { return to << r.name; }

// A request whose fields end with these lines.
std::string with(const std::string& lines) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n\r\n";
}
std::string line(const std::string& text) { return text + "\r\nHost: a\r\n\r\n"; }

std::vector<bad_request> bad_lines() {
  return {
      {"bare_lf", "GET / HTTP/1.1\nHost: a\n\n"},
      {"bare_lf_in_the_fields", "GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n"},
      {"bare_lf_at_the_end", "GET / HTTP/1.1\r\nHost: a\r\n\n"},
      {"bare_cr", "GET / HTTP/1.1\rHost: a\r\r"},
      {"cr_cr_lf", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
      {"cr_in_a_value", with("A: b\rC: d")},
      {"two_empty_lines_before", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"space_before", line(" GET / HTTP/1.1")},
      {"nul_in_the_method", line("G\0T / HTTP/1.1"s)},
      {"method_with_a_bracket", line("GET( / HTTP/1.1")},
      {"no_method", line(" / HTTP/1.1")},
      {"no_target", line("GET HTTP/1.1")},
      {"empty_target", line("GET  HTTP/1.1")},
      {"two_spaces", line("GET  / HTTP/1.1")},
      {"tab_for_a_space", line("GET\t/\tHTTP/1.1")},
      {"space_behind", line("GET / HTTP/1.1 ")},
      {"space_in_the_target", line("GET /a b HTTP/1.1")},
      {"nul_in_the_target", line("GET /\0 HTTP/1.1"s)},
      {"control_character_in_the_target", line("GET /\x7F HTTP/1.1")},
      {"bytes_beyond_ascii_in_the_target", line("GET /\xC3\xA9 HTTP/1.1")},
      {"fragment", line("GET /#a HTTP/1.1")},
      {"target_without_a_slash", line("GET a HTTP/1.1")},
      {"asterisk_for_get", line("GET * HTTP/1.1")},
      {"other_scheme", line("GET ftp://a/ HTTP/1.1")},
      {"absolute_target_without_a_host", line("GET http:///b HTTP/1.1")},
      {"absolute_target_of_another_host", line("GET http://b/ HTTP/1.1")},
      {"absolute_target_with_a_user", line("GET http://u@a/ HTTP/1.1")},
      {"absolute_target_of_1_0_with_a_user", "GET http://u@a/ HTTP/1.0\r\n\r\n"},
      {"absolute_target_for_no_host", "GET http://a/ HTTP/1.1\r\n\r\n"},
      {"no_version", line("GET /")},
      {"version_in_lower_case", line("GET / http/1.1")},
      {"version_without_a_minor", line("GET / HTTP/1")},
      {"version_with_two_digits", line("GET / HTTP/1.10")},
      {"another_protocol", line("GET / ICE/1.1")},
      {"http_2", line("PRI * HTTP/2.0"), 505},
      {"tunnel", line("CONNECT a:80 HTTP/1.1"), 501},
      {"tls", "\x16\x03\x01\x02\x00\x01\r\n"s},
  };
}

std::vector<bad_request> bad_fields() {
  return {
      {"no_host", "GET / HTTP/1.1\r\n\r\n"},
      {"two_hosts", with("Host: a")},
      {"empty_host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"host_with_a_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"host_with_a_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
      {"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
      {"host_with_a_bad_port", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"},
      {"host_with_two_ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n"},
      {"host_with_half_a_bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
      {"port_alone", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
      {"folded", with("A: b\r\n c")},
      {"folded_first", "GET / HTTP/1.1\r\n A: b\r\nHost: a\r\n\r\n"},
      {"folded_by_a_tab", with("A: b\r\n\tc")},
      {"folded_length", with("Content-Length:\r\n 5")},
      {"space_before_the_colon", with("Content-Length : 5")},
      {"tab_before_the_colon", with("Transfer-Encoding\t: chunked")},
      {"no_colon", with("A")},
      {"no_name", with(": b")},
      {"nul_in_a_name", with("A\0: b"s)},
      {"nul_in_a_value", with("A: b\0c"s)},
      {"control_character_in_a_value", with("A: b\x01")},
      {"bytes_beyond_ascii_in_a_name", with("\xC3\xA9: b")},
      {"name_in_brackets", with("[A]: b")},
      {"another_expectation", with("Expect: 200-ok"), 417},
      {"two_expectations", with("Expect: 100-continue\r\nExpect: 100-continue"), 417},
  };
}

std::vector<bad_request> bad_framing() {
  const std::string length = "Content-Length: 5";
  const std::string chunked = "Transfer-Encoding: chunked";
  return {
      {"length_and_chunked", with(length + "\r\n" + chunked)},
      {"chunked_and_length", with(chunked + "\r\n" + length)},
      {"length_0_and_chunked", with("Content-Length: 0\r\n" + chunked)},
      {"two_lengths", with(length + "\r\nContent-Length: 6")},
      {"the_same_length_twice", with(length + "\r\n" + length)},
      {"list_of_lengths", with("Content-Length: 5, 5")},
      {"empty_length", with("Content-Length:")},
      {"length_with_a_sign", with("Content-Length: +5")},
      {"negative_length", with("Content-Length: -5")},
      {"hexadecimal_length", with("Content-Length: 0x5")},
      {"length_with_a_fraction", with("Content-Length: 5.0")},
      {"length_with_a_space", with("Content-Length: 1 1")},
      {"length_with_an_underscore", with("Content-Length: 1_1")},
      {"length_in_other_digits", with("Content-Length: \xD9\xA1")},
      {"length_beyond_64_bits", with("Content-Length: 18446744073709551621")},
      {"length_beyond_the_limit", with("Content-Length: 999999999999"), 413},
      {"chunked_twice", with(chunked + "\r\n" + chunked)},
      {"chunked_in_a_list", with("Transfer-Encoding: chunked, chunked"), 501},
      {"gzip_and_chunked", with("Transfer-Encoding: gzip, chunked"), 501},
      {"gzip_in_another_field", with("Transfer-Encoding: gzip\r\n" + chunked)},
      {"gzip_alone", with("Transfer-Encoding: gzip")},
      {"identity", with("Transfer-Encoding: identity")},
      {"identity_and_length", with("Transfer-Encoding: identity\r\n" + length)},
      {"chunked_not_last", with("Transfer-Encoding: chunked, identity")},
      {"not_quite_chunked", with("Transfer-Encoding: xchunked")},
      {"chunked_in_quotes", with("Transfer-Encoding: \"chunked\"")},
      {"chunked_with_a_vertical_tab", with("Transfer-Encoding: \vchunked")},
      {"chunked_with_a_parameter", with("Transfer-Encoding: chunked;a=b")},
      {"empty_coding", with("Transfer-Encoding:")},
      {"chunked_in_1_0", "POST / HTTP/1.0\r\n" + chunked + "\r\n\r\n"},
  };
}

class a_bad_request : public testing::TestWithParam<bad_request> {};
INSTANTIATE_TEST_SUITE_P(lines, a_bad_request, testing::ValuesIn(bad_lines()),
                         dwell_test::case_name<bad_request>);
INSTANTIATE_TEST_SUITE_P(fields, a_bad_request, testing::ValuesIn(bad_fields()),
                         dwell_test::case_name<bad_request>);
INSTANTIATE_TEST_SUITE_P(framing, a_bad_request, testing::ValuesIn(bad_framing()),
                         dwell_test::case_name<bad_request>);

TEST_P(a_bad_request, is_refused_under_every_split) {
  const parsed wanted{.refused = GetParam().status};
  EXPECT_EQ(parse_all_splits(GetParam().text), wanted);
}

// ---- Limits ----

struct limit_case {
  const char* name;
  std::string good;
  std::string bad;
  int status;
};
std::ostream& operator<<(std::ostream& to, const limit_case& c) { return to << c.name; }

const std::string get = "GET / HTTP/1.1\r\n";  // 14 bytes, and an end

const limit_case limited[] = {
    {"request_line", "GET /456789 HTTP/1.1\r\nHost: a\r\n\r\n",
     "GET /4567890 HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"request_line_without_an_end", "GET /456789 HTTP/1.1", "GET /4567890 HTTP/1.1", 414},
    {"fields", get + "Host: a\r\nA:\r\nB:\r\n\r\n", get + "Host: a\r\nA:\r\nB:\r\nC:\r\n\r\n", 431},
    {"bytes_of_one_field", get + "Host: a\r\nA: 345678901\r\n\r\n",
     get + "Host: a\r\nA: 34567890123456\r\n\r\n", 431},
    {"bytes_of_all_fields", get + "Host: a\r\nA: 34\r\nB: 4567\r\n\r\n",
     get + "Host: a\r\nA: 3456\r\nB: 45678\r\n\r\n", 431},
    {"bytes_without_an_end", get + "Host: 67890123456789", get + "Host: 678901234567890", 431},
    {"body", "POST / HTTP/1.0\r\nContent-Length: 10\r\n\r\n",
     "POST / HTTP/1.0\r\nContent-Length: 11\r\n\r\n", 413},
};

class a_limit : public testing::TestWithParam<limit_case> {};
INSTANTIATE_TEST_SUITE_P(table, a_limit, testing::ValuesIn(limited),
                         dwell_test::case_name<limit_case>);

TEST_P(a_limit, is_met_at_the_same_byte_under_every_split) {
  const http::request_limits limits{
      .request_line = 20, .header_count = 3, .header_bytes = 20, .body = 10};
  EXPECT_EQ(parse_all_splits(GetParam().good, limits).refused, 0);
  EXPECT_EQ(parse_all_splits(GetParam().bad, limits).refused, GetParam().status);
}

}  // namespace
