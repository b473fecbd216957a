// Event streams in which the standard decides something, with what it decides.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "http/sse_reference.hpp"

namespace dwell_test {

/// What a stream comes to, however it is cut.
struct sse_case {
  const char* name;
  std::string stream;
  std::vector<kept_event> events{};
  std::string last_id{};
  std::optional<long long> retry{};
};

inline std::ostream& operator<<(std::ostream& to, const sse_case& c) { return to << c.name; }

inline kept_event message(std::string data, std::string id = "") {
  return {.type = "message", .data = std::move(data), .id = std::move(id)};
}
inline kept_event typed(std::string type, std::string data) {
  return {.type = std::move(type), .data = std::move(data), .id = ""};
}

inline const std::string bom = "\xEF\xBB\xBF";

/// `count` times U+FFFD.
inline std::string unknown(int count = 1) {
  std::string text;
  for (; count > 0; --count) text += "\xEF\xBF\xBD";
  return text;
}

inline std::vector<sse_case> line_cases() {
  return {
      {"nothing", ""},
      {"one_line", "data: hello\n\n", {message("hello")}},
      {"mixed_ends_of_line", "data:1\r\ndata:2\rdata:3\n\r\n", {message("1\n2\n3")}},
      {"cr_only", "data:a\r\rdata:b\r\r", {message("a"), message("b")}},
      {"crlf_only", "data:a\r\n\r\ndata:b\r\n\r\n", {message("a"), message("b")}},
      {"lf_and_cr_are_two_ends", "data:a\n\rdata:b\n\n", {message("a"), message("b")}},
      {"byte_order_mark", bom + "data:1\n\n", {message("1")}},
      {"second_mark_belongs_to_the_name", bom + bom + "data:1\n\ndata:2\n\n", {message("2")}},
      {"late_mark_belongs_to_the_name", "data:1\n\n" + bom + "data:2\n\n", {message("1")}},
      {"half_a_mark", "\xEF\xBB:\ndata:2\n\n", {message("2")}},
      {"mark_before_a_comment", bom + ":c\ndata:1\n\n", {message("1")}},
      {"only_a_mark", bom},
      {"comments", ":\n: a\n:data:x\ndata:1\n:: b\ndata:2\n\n", {message("1\n2")}},
      {"comment_ended_by_cr_alone", ":x\rdata:1\r\r", {message("1")}},
      {"comments_alone_dispatch_nothing", ": ping\n\n: ping\n\n"},
      {"unfinished_event_is_dropped", "data:1\n\ndata:2\n", {message("1")}},
      {"unfinished_line_is_dropped", "data:1\n\ndata:2", {message("1")}},
  };
}

inline std::vector<sse_case> field_cases() {
  using namespace std::string_literals;
  return {
      {"no_colon",
       "data\n\ndata\ndata\n\ndata:test\n\n",
       {message(""), message("\n"), message("test")}},
      {"unknown_fields",
       "data:test\ndata\nfoobar:xxx\njustsometext\n:comment\ndata:test\n\n",
       {message("test\n\ntest")}},
      {"names_are_case_sensitive", "DATA:x\nData:y\ndata:z\n\n", {message("z")}},
      {"names_are_not_trimmed", " data:x\ndata :y\ndata:z\n\n", {message("z")}},
      {"one_leading_space",
       "data: 1\ndata:  2\ndata:3 \ndata:\t4\n\n",
       {message("1\n 2\n3 \n\t4")}},
      {"only_the_first_colon_counts", "data:a:b\nevent: x: y\n\n", {typed("x: y", "a:b")}},
      {"type", "event:test\ndata:1\n\ndata:2\n\n", {typed("test", "1"), message("2")}},
      {"last_type_counts", "event:a\nevent:b\ndata:1\n\n", {typed("b", "1")}},
      {"empty_type_is_message",
       "event:a\nevent:\ndata:1\n\nevent\ndata:2\n\n",
       {message("1"), message("2")}},
      {"type_without_data_is_forgotten", "event:a\n\ndata:1\n\n", {message("1")}},
      {"id",
       "id:1\ndata:a\n\ndata:b\n\nid:2\ndata:c\n\n",
       {message("a", "1"), message("b", "1"), message("c", "2")},
       "2"},
      {"id_without_data_counts", "id:7\n\ndata:a\n\n", {message("a", "7")}, "7"},
      {"empty_id_resets",
       "id:1\ndata:a\n\nid\ndata:b\n\nid:3\ndata:c\n\nid:\ndata:d\n\n",
       {message("a", "1"), message("b"), message("c", "3"), message("d")}},
      {"id_of_an_unfinished_event_does_not_count",
       "id:1\ndata:a\n\nid:2\ndata:b\n",
       {message("a", "1")},
       "1"},
      {"id_with_nul_is_ignored",
       "id:1\nid:a\0b\ndata:x\n\nid:\0\ndata:y\n\n"s,
       {message("x", "1"), message("y", "1")},
       "1"},
      {"nul_in_data_stays", "data:a\0b\n\n"s, {message("a\0b"s)}},
      {"nul_in_a_name_makes_another", "data\0:x\ndata:y\n\n"s, {message("y")}},
      {"retry", "retry:03000\ndata:x\n\n", {message("x")}, "", 3000},
      {"retry_counts_at_once", "retry: 250\n", {}, "", 250},
      {"retry_takes_digits_only",
       "retry:3000\nretry:1000x\nretry:-1\nretry:+1\nretry: 1 \nretry:1.5\n",
       {},
       "",
       3000},
      {"retry_takes_no_empty_value", "retry:3000\nretry\nretry:\nretry: \n", {}, "", 3000},
      {"retry_takes_no_other_digits", "retry:\xD9\xA1\n"},
      {"retry_beyond_all_clocks", "retry:99999999999999999999999999\n", {}, "", 9'223'372'036'854},
  };
}

inline std::vector<sse_case> character_cases() {
  const std::string text = "\xE4\xBD\xA0 \xF0\x9F\x98\x80 \xC3\xA9";
  const std::string no_ends = "a\xE2\x80\xA8|\xC2\x85|";
  return {
      {"utf8", "data:" + text + "\n\n", {message(text)}},
      {"u2028_and_u0085_end_no_line", "data:" + no_ends + "\n\n", {message(no_ends)}},
      {"character_cut_by_an_end",
       "data:\xF0\x9F\x98\ndata:\xE4\n\n",
       {message(unknown() + "\n" + unknown())}},
      {"character_that_breaks_off",
       "data:\xE2\x82|\xF0\x90\x80|\n\n",
       {message(unknown() + "|" + unknown() + "|")}},
      {"stray_bytes", "data:\x80\xFF\xC0\xAF!\n\n", {message(unknown(4) + "!")}},
      {"surrogate", "data:\xED\xA0\x80.\n\n", {message(unknown(3) + ".")}},
      {"too_long_forms", "data:\xE0\x80\xAF\xF0\x80\x80\xAF\n\n", {message(unknown(7))}},
      {"beyond_the_last_character",
       "data:\xF4\x90\x80\x80|\xF5\n\n",
       {message(unknown(4) + "|" + unknown())}},
      {"bad_bytes_in_type_and_id",
       "event:\xFF\nid:\xE2\x82\ndata:x\n\n",
       {{.type = unknown(), .data = "x", .id = unknown()}},
       unknown()},
      {"a_chat",
       "data: {\"content\":\"\xE4\xBD\xA0\"}\r\n\r\ndata: {\"content\":\"\\n\"}\r\n\r\n"
       "data: [DONE]\r\n\r\n",
       {message("{\"content\":\"\xE4\xBD\xA0\"}"), message("{\"content\":\"\\n\"}"),
        message("[DONE]")}},
  };
}

}  // namespace dwell_test
