// Server-sent events: what the standard says, under every split of the bytes.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/http/sse.hpp>

#include "http/named_case.hpp"
#include "http/sse_cases.hpp"
#include "http/sse_reference.hpp"
#include "support/scale.hpp"

namespace {

namespace net = dwell::net;
namespace sse = dwell::http::sse;
using dwell_test::bom;
using dwell_test::character_cases;
using dwell_test::field_cases;
using dwell_test::kept_event;
using dwell_test::kept_stream;
using dwell_test::line_cases;
using dwell_test::message;
using dwell_test::parse_by_the_standard;
using dwell_test::sse_case;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

kept_event keep(const sse::event& e) {
  return {.type = std::string(e.type), .data = std::string(e.data), .id = std::string(e.id)};
}

void feed(sse::parser& parser, std::string_view piece, std::vector<kept_event>& events) {
  // A copy of its own size: a parser that keeps a view, or looks beyond, meets AddressSanitizer.
  const std::vector<char> bytes(piece.begin(), piece.end());
  parser.feed(net::bytes_of({bytes.data(), bytes.size()}),
              [&](const sse::event& e) { events.push_back(keep(e)); });
}

using pieces = std::vector<std::string_view>;

pieces cut(std::string_view stream, std::size_t a, std::size_t b) {
  return {stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)};
}

kept_stream parse(const pieces& stream) {
  sse::parser parser;
  kept_stream out;
  for (const std::string_view piece : stream) feed(parser, piece, out.events);
  out.last_id = parser.last_event_id();
  if (const auto retry = parser.retry()) out.retry = retry->count();
  return out;
}

class an_event_stream : public testing::TestWithParam<sse_case> {
 protected:
  static kept_stream wanted() {
    const sse_case& c = GetParam();
    return {.events = c.events, .last_id = c.last_id, .retry = c.retry};
  }
};

INSTANTIATE_TEST_SUITE_P(lines, an_event_stream, testing::ValuesIn(line_cases()),
                         dwell_test::case_name<sse_case>);
INSTANTIATE_TEST_SUITE_P(fields, an_event_stream, testing::ValuesIn(field_cases()),
                         dwell_test::case_name<sse_case>);
INSTANTIATE_TEST_SUITE_P(characters, an_event_stream, testing::ValuesIn(character_cases()),
                         dwell_test::case_name<sse_case>);

TEST_P(an_event_stream, gives_what_the_standard_says) {
  EXPECT_EQ(parse({GetParam().stream}), wanted());
  EXPECT_EQ(parse_by_the_standard(GetParam().stream), wanted()) << "the reference";
}

TEST_P(an_event_stream, gives_the_same_byte_by_byte) {
  const std::string_view stream = GetParam().stream;
  pieces bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  EXPECT_EQ(parse(bytes), wanted());
}

TEST_P(an_event_stream, gives_the_same_for_every_one_and_two_cuts) {
  const std::string_view stream = GetParam().stream;
  for (std::size_t a = 0; a <= stream.size(); ++a)
    for (std::size_t b = a; b <= stream.size(); ++b)
      ASSERT_EQ(parse(cut(stream, a, b)), wanted()) << "cut at " << a << " and " << b;
}

// ---- Against the reference ----

// Texts in which the marks of the format are likely, whole and in pieces.
std::string random_stream(std::mt19937_64& chance) {
  static const std::string parts[] = {"data",     "data:",
                                      "data: ",   "event:",
                                      "id:",      "retry:",
                                      ":",        " ",
                                      "\n",       "\r",
                                      "\r\n",     "\n\n",
                                      "\r\n\r\n", "x",
                                      "12",       bom,
                                      "\xE2\x82", "\xED\xA0",
                                      "\xC0",     "\x80",
                                      "\0"s,      "\xF4\x8F\xBF\xBF",
                                      "\xF4\x90", "ev",
                                      "nt"};
  std::string stream;
  const std::size_t count = chance() % 40;
  for (std::size_t i = 0; i < count; ++i) {
    if (chance() % 16 == 0)
      stream += static_cast<char>(chance() % 256);
    else
      stream += parts[chance() % std::size(parts)];
  }
  return stream;
}

pieces cut_somewhere(std::string_view stream, std::mt19937_64& chance) {
  pieces cut;
  const std::size_t most = 1 + chance() % 12;
  while (!stream.empty()) {
    const std::size_t count = std::min<std::size_t>(chance() % (most + 1), stream.size());
    cut.push_back(stream.substr(0, count));
    stream.remove_prefix(count);
  }
  return cut;
}

TEST(an_event_stream_parser, agrees_with_the_reference_on_random_streams) {
  std::mt19937_64 chance(20'260'717);
  std::size_t events = 0;
  for (std::int64_t i = 0; i < dwell_test::scaled(100'000); ++i) {
    const std::string stream = random_stream(chance);
    const kept_stream wanted = parse_by_the_standard(stream);
    events += wanted.events.size();
    ASSERT_EQ(parse(cut_somewhere(stream, chance)), wanted) << testing::PrintToString(stream);
  }
  EXPECT_GT(events, 0U) << "the streams do hold events";
}

// ---- Reconnections ----

TEST(an_event_stream_parser, goes_on_after_a_reconnection_with_the_last_id) {
  sse::parser parser;
  std::vector<kept_event> events;
  feed(parser, "retry:5\nid:1\ndata:a\n\nid:2\nevent:lost\ndata:lost\ndata:also lo", events);
  EXPECT_EQ(parser.last_event_id(), "1");
  parser.restart();
  EXPECT_EQ(parser.last_event_id(), "1");
  EXPECT_EQ(parser.retry(), 5ms);
  feed(parser, bom + "data:b\n\n", events);
  EXPECT_EQ(events, (std::vector{message("a", "1"), message("b", "1")}));
}

TEST(an_event_stream_parser, owes_no_lf_to_the_stream_after) {
  sse::parser parser;
  std::vector<kept_event> events;
  feed(parser, "data:a\r\r", events);
  parser.restart();
  feed(parser, bom + "data:b\n\n", events);
  EXPECT_EQ(events, (std::vector{message("a"), message("b")}));
}

TEST(an_event_stream_parser, begins_with_the_id_that_it_is_given) {
  sse::parser parser(sse::default_event_limit, "41");
  EXPECT_EQ(parser.last_event_id(), "41");
  std::vector<kept_event> events;
  feed(parser, "data:a\n\n", events);
  EXPECT_EQ(events, (std::vector{message("a", "41")}));
}

TEST(an_event_stream_parser, gives_an_event_with_its_cr_and_does_not_wait_for_an_lf) {
  sse::parser parser;
  std::vector<kept_event> events;
  feed(parser, "data:a\r\n\r", events);
  EXPECT_EQ(events.size(), 1U);
  feed(parser, "\ndata:b\n\n", events);
  EXPECT_EQ(events, (std::vector{message("a"), message("b")}));
}

TEST(an_event_stream_parser, hands_back_what_it_did_not_take) {
  sse::parser parser;
  net::const_bytes input = net::bytes_of("data:a\n\ndata:b\n\nda");
  const sse::event* e = parser.next(input);
  ASSERT_NE(e, nullptr);
  EXPECT_EQ(e->data, "a");
  EXPECT_EQ(net::text_of(input), "data:b\n\nda");
  e = parser.next(input);
  ASSERT_NE(e, nullptr);
  EXPECT_EQ(e->data, "b");
  EXPECT_EQ(parser.next(input), nullptr);
  EXPECT_TRUE(input.empty());
}

// ---- The limit ----

struct before_limit {
  std::size_t events = 0;
  bool refused = false;
  bool operator==(const before_limit&) const = default;
};

before_limit parse_with_limit(std::size_t limit, const pieces& stream) {
  sse::parser parser(limit);
  std::vector<kept_event> events;
  try {
    for (const std::string_view piece : stream) feed(parser, piece, events);
  } catch (const sse::event_too_large&) {
    return {.events = events.size(), .refused = true};
  }
  return {.events = events.size(), .refused = false};
}

TEST(an_event_stream_parser, refuses_an_event_beyond_its_limit_wherever_it_is_cut) {
  const std::string_view streams[] = {
      "data:1\n\ndata:01234",                // a line without an end
      "data:1\n\ndata:01\ndata:23\ndata:4",  // many lines
      "data:1\n\nevent:0123\ndata:0\n\n",    // type and data
      "data:1\n\ndata:\xFF\xFF\xFF\n\n",     // three times as long once decoded
      "data:1\n\nunknown:xy\n",
  };
  const before_limit wanted{.events = 1, .refused = true};
  for (const std::string_view stream : streams)
    for (std::size_t a = 0; a <= stream.size(); ++a)
      for (std::size_t b = a; b <= stream.size(); ++b)
        ASSERT_EQ(parse_with_limit(9, cut(stream, a, b)), wanted) << stream << a << ' ' << b;
}

TEST(an_event_stream_parser, counts_each_event_alone_and_comments_not_at_all) {
  std::string stream;
  for (int i = 0; i < 100; ++i)
    stream += "id:123456\nevent:ab\ndata:123\n:" + std::string(100, 'c') + "\n\n";
  const before_limit wanted{.events = 100, .refused = false};
  EXPECT_EQ(parse_with_limit(14, {stream}), wanted);
}

TEST(an_event_stream_parser, stays_refused_until_it_is_restarted) {
  sse::parser parser(8);
  std::vector<kept_event> events;
  EXPECT_THROW(feed(parser, "data:too long\n\n", events), sse::event_too_large);
  EXPECT_THROW(feed(parser, "data:b\n\n", events), sse::event_too_large);
  EXPECT_TRUE(events.empty());
  parser.restart();
  feed(parser, "data:b\n\n", events);
  EXPECT_EQ(events, (std::vector{message("b")}));
}

TEST(an_event_stream_parser, names_the_limit_that_was_met) {
  sse::parser parser(8);
  net::const_bytes input = net::bytes_of("data:too long");
  try {
    (void)parser.next(input);
    ADD_FAILURE() << "it is too long";
  } catch (const sse::event_too_large& e) {
    EXPECT_STREQ(e.what(), "an event is larger than the 8 bytes that the limit allows");
  }
}

// ---- Writing ----

std::string written(const sse::event& e) {
  std::string text;
  sse::write_event(text, e);
  return text;
}

TEST(writing_an_event, writes_what_differs_from_the_default) {
  EXPECT_EQ(written({.data = "x"}), "data: x\n\n");
  EXPECT_EQ(written({.type = "", .data = ""}), "data: \n\n");
  EXPECT_EQ(written({.type = "delta", .data = " x", .id = "7"}),
            "event: delta\nid: 7\ndata:  x\n\n");
}

TEST(writing_an_event, gives_each_line_of_its_data_a_field) {
  EXPECT_EQ(written({.data = "a\nb\r\nc\rd\n"}), "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
  EXPECT_EQ(written({.data = "\n"}), "data: \ndata: \n\n");
}

TEST(writing_an_event, refuses_what_would_become_another_event) {
  std::string text = "before";
  for (const std::string_view bad : {"a\nb"sv, "a\r"sv, "\ndata: injected\n\n"sv}) {
    const sse::event bad_type{.type = bad, .data = "x"};
    const sse::event bad_id{.data = "x", .id = bad};
    EXPECT_THROW(sse::write_event(text, bad_type), std::invalid_argument);
    EXPECT_THROW(sse::write_event(text, bad_id), std::invalid_argument);
  }
  const sse::event nul_id{.data = "x", .id = "a\0b"sv};
  EXPECT_THROW(sse::write_event(text, nul_id), std::invalid_argument);
  EXPECT_EQ(text, "before");
}

TEST(writing_an_event, writes_comments_and_retries_that_a_parser_understands) {
  std::string text;
  sse::write_comment(text);
  sse::write_comment(text, "two\nlines");
  sse::write_retry(text, 1500ms);
  sse::write_event(text, {.data = "x"});
  EXPECT_EQ(text, ": \n: two\n: lines\nretry: 1500\ndata: x\n\n");
  const kept_stream wanted{.events = {message("x")}, .retry = 1500};
  EXPECT_EQ(parse({text}), wanted);
  text.clear();
  sse::write_retry(text, -1ms);
  EXPECT_EQ(text, "retry: 0\n");
}

TEST(writing_an_event, is_undone_by_the_parser) {
  std::mt19937_64 chance(7);
  for (std::int64_t i = 0; i < dwell_test::scaled(10'000); ++i) {
    std::string data;
    for (std::size_t n = chance() % 12; n > 0; --n) data += "a :\n\x7F"[chance() % 5];
    const kept_event sent{.type = "t", .data = data, .id = std::to_string(chance() % 5 + 1)};
    const std::string text = written({.type = sent.type, .data = sent.data, .id = sent.id});
    ASSERT_EQ(parse(cut_somewhere(text, chance)).events, std::vector{sent});
  }
}

}  // namespace
