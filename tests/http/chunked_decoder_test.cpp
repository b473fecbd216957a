// Chunked bodies: what is good, under every split of its bytes, and what is refused.
#include <algorithm>
#include <cstddef>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/http/chunked_decoder.hpp>
#include <dwell/http/status.hpp>

#include "http/named_case.hpp"

namespace {

namespace http = dwell::http;
namespace net = dwell::net;
using namespace std::string_literals;

struct decoded {
  int refused = 0;
  bool complete = false;
  std::string body{};
  std::string rest{};
  bool operator==(const decoded&) const = default;
};
std::ostream& operator<<(std::ostream& to, const decoded& d) {
  return to << (d.complete ? "complete " : "incomplete ") << d.refused << " '" << d.body << "' | '"
            << d.rest << "'";
}

void decode_piece(http::chunked_decoder& decoder, std::string_view piece, decoded& out) {
  const std::vector<char> copy(piece.begin(), piece.end());
  net::const_bytes input = net::bytes_of({copy.data(), copy.size()});
  while (!input.empty() && !decoder.is_done()) {
    decoder.feed(input);
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(decoder.left(), input.size()));
    out.body += net::text_of(input.first(count));
    input = input.subspan(count);
    decoder.took(count);
  }
  out.rest += net::text_of(input);
}

decoded decode(const std::vector<std::string_view>& pieces,
               const http::request_limits& limits = {}) {
  http::chunked_decoder decoder(limits);
  decoded out;
  try {
    for (const std::string_view piece : pieces) decode_piece(decoder, piece, out);
  } catch (const http::status_error& e) {
    return {.refused = e.status()};
  }
  out.complete = decoder.is_done();
  return out;
}

decoded decode_all_splits(std::string_view text, const http::request_limits& limits = {}) {
  const decoded whole = decode({text}, limits);
  for (std::size_t a = 0; a <= text.size(); ++a)
    for (std::size_t b = a; b <= text.size(); ++b)
      EXPECT_EQ(decode({text.substr(0, a), text.substr(a, b - a), text.substr(b)}, limits), whole)
          << "cut at " << a << " and " << b;
  return whole;
}

TEST(a_chunked_body, is_decoded_under_every_split) {
  const decoded whole{.complete = true, .body = "hello, world", .rest = "GET"};
  EXPECT_EQ(decode_all_splits("5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\nGET"), whole);
  EXPECT_EQ(decode_all_splits("C\r\nhello, world\r\n0\r\n\r\nGET"), whole);
  EXPECT_EQ(decode_all_splits("0000000C\r\nhello, world\r\n00\r\n\r\nGET"), whole);
  const decoded empty{.complete = true, .body = "", .rest = ""};
  EXPECT_EQ(decode_all_splits("0\r\n\r\n"), empty);
}

TEST(a_chunked_body, may_hold_what_looks_like_framing) {
  const decoded whole{.complete = true, .body = "\r\n0\r\n\r\n", .rest = ""};
  EXPECT_EQ(decode_all_splits("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"), whole);
}

TEST(a_chunked_body, may_have_extensions_and_trailers_that_are_dropped) {
  const decoded whole{.complete = true, .body = "abc", .rest = "x"};
  EXPECT_EQ(decode_all_splits("3;a;b=c;d=\"e;\\\"f\"\r\nabc\r\n0;g\r\nA: b\r\nB:\r\n\r\nx"), whole);
}

TEST(a_chunked_body, is_incomplete_until_its_last_byte) {
  const std::string_view text = "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t n = 0; n < text.size(); ++n)
    EXPECT_FALSE(decode({text.substr(0, n)}).complete) << n;
}

// ---- What is refused ----

struct bad_body {
  const char* name;
  std::string text;
  int status = 400;
};
std::ostream& operator<<(std::ostream& to, const bad_body& b) { return to << b.name; }

const bad_body bad[] = {
    {"no_size", "\r\nabc\r\n"},
    {"no_number", "x\r\nabc\r\n"},
    {"sign", "+3\r\nabc\r\n"},
    {"minus", "-3\r\nabc\r\n"},
    {"prefix", "0x3\r\nabc\r\n"},
    {"underscore", "0_3\r\nabc\r\n"},
    {"space_before_the_size", " 3\r\nabc\r\n"},
    {"space_behind_the_size", "3 \r\nabc\r\n"},
    {"tab_behind_the_size", "3\t\r\nabc\r\n"},
    {"nul_in_the_size", "3\0\r\nabc\r\n"s},
    {"size_beyond_64_bits", "10000000000000003\r\nabc\r\n"},
    {"size_that_wraps_to_a_small_one", "FFFFFFFFFFFFFFFF\r\nabc\r\n", 413},
    {"too_many_zeros", "00000000000000003\r\nabc\r\n"},
    {"bare_lf_behind_the_size", "3\nabc\r\n"},
    {"bare_cr_behind_the_size", "3\rabc\r\n"},
    {"bare_lf_in_an_extension", "3;a\nabc\r\n"},
    {"bare_cr_in_an_extension", "3;a\rb\r\nabc\r\n"},
    {"nul_in_an_extension", "3;a\0\r\nabc\r\n"s},
    {"extension_without_a_name", "3;\r\nabc\r\n"},
    {"extension_without_a_value", "3;a=\r\nabc\r\n"},
    {"extension_with_an_open_quote", "3;a=\"b\r\nabc\r\n"},
    {"extension_with_a_space", "3; a\r\nabc\r\n"},
    {"text_behind_the_data", "3\r\nabcd\r\n"},
    {"lf_behind_the_data", "3\r\nabc\n0\r\n\r\n"},
    {"cr_behind_the_data", "3\r\nabc\r0\r\n\r\n"},
    {"nothing_behind_the_data", "3\r\nabc0\r\n\r\n"},
    {"trailer_without_a_colon", "0\r\nA\r\n\r\n"},
    {"trailer_with_a_space_before_the_colon", "0\r\nA : b\r\n\r\n"},
    {"folded_trailer", "0\r\nA: b\r\n c\r\n\r\n"},
    {"bare_lf_in_the_trailers", "0\r\nA: b\n\r\n"},
    {"bare_lf_at_the_end", "0\r\n\n"},
};

class a_bad_chunked_body : public testing::TestWithParam<bad_body> {};
INSTANTIATE_TEST_SUITE_P(table, a_bad_chunked_body, testing::ValuesIn(bad),
                         dwell_test::case_name<bad_body>);

TEST_P(a_bad_chunked_body, is_refused_under_every_split) {
  const decoded wanted{.refused = GetParam().status};
  EXPECT_EQ(decode_all_splits(GetParam().text), wanted);
}

// ---- Limits ----

const http::request_limits small{.header_count = 2, .header_bytes = 8, .body = 6};

TEST(the_limits_of_a_chunked_body, hold_for_all_chunks_together) {
  EXPECT_EQ(decode_all_splits("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n", small).body, "abcdef");
  EXPECT_EQ(decode_all_splits("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", small).refused, 413);
  EXPECT_EQ(decode_all_splits("3\r\nabc\r\nFFFFFFFFFFFFFFFD\r\n", small).refused, 413);
}

TEST(the_limits_of_a_chunked_body, hold_for_extensions_and_trailers_together) {
  EXPECT_TRUE(decode_all_splits("1;a=b\r\nx\r\n0\r\nC: d\r\n\r\n", small).complete);
  EXPECT_EQ(decode_all_splits("1;a=b\r\nx\r\n0\r\nC: de\r\n\r\n", small).refused, 431);
  EXPECT_EQ(decode_all_splits("1;a=b\r\nx\r\n1;a=bc\r\nx\r\n", small).refused, 431);
  EXPECT_EQ(decode_all_splits("1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", small).refused, 431);
  EXPECT_TRUE(decode_all_splits("0\r\nA:\r\nB:\r\n\r\n", small).complete);
  EXPECT_EQ(decode_all_splits("0\r\nA:\r\nB:\r\nC:\r\n\r\n", small).refused, 431);
}

}  // namespace
