// Header fields: nothing gets in that would get out as something else.
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/http/fields.hpp>

namespace {

using dwell::http::fields;
using namespace std::string_view_literals;

std::string text_of(const fields& all) {
  std::string text;
  for (const auto& [name, value] : all) text += name + '=' + value + '|';
  return text;
}

TEST(header_fields, keep_their_order_and_are_found_in_any_case) {
  fields all;
  all.add("Accept", "a");
  all.add("X-Id", "1");
  all.add("accept", "b");
  EXPECT_EQ(text_of(all), "Accept=a|X-Id=1|accept=b|");
  EXPECT_EQ(all.get("ACCEPT"), "a");
  EXPECT_EQ(all.count("aCCept"), 2U);
  EXPECT_EQ(all.get("Accep"), std::nullopt);
  EXPECT_EQ(all.get("Accept "), std::nullopt);
}

TEST(header_fields, are_replaced_and_removed) {
  fields all;
  all.add("A", "1");
  all.add("B", "2");
  all.add("a", "3");
  all.set("A", "4");
  EXPECT_EQ(text_of(all), "B=2|A=4|");
  EXPECT_EQ(all.remove("b"), 1U);
  EXPECT_EQ(all.remove("b"), 0U);
  EXPECT_EQ(text_of(all), "A=4|");
}

TEST(header_fields, find_a_word_in_lists) {
  fields all;
  all.add("Connection", "keep-alive ,\tClose");
  all.add("Connection", "upgrade");
  EXPECT_TRUE(all.has_word("connection", "close"));
  EXPECT_TRUE(all.has_word("connection", "upgrade"));
  EXPECT_FALSE(all.has_word("connection", "clos"));
  EXPECT_FALSE(all.has_word("connection", "keep"));
}

TEST(header_fields, refuse_what_would_split_a_message_and_stay_as_they_were) {
  fields all;
  all.add("A", "1");
  for (const std::string_view bad :
       {"a\r\nSet-Cookie: x"sv, "a\n"sv, "a\rb"sv, "a\0b"sv, "\x1B[31m"sv, "a\x7F"sv}) {
    EXPECT_THROW(all.add("B", bad), std::invalid_argument);
    EXPECT_THROW(all.set("A", bad), std::invalid_argument);
  }
  for (const std::string_view bad : {""sv, "A b"sv, "A:"sv, "A\r\n"sv, "\xC3\xA9"sv, "A\0"sv}) {
    EXPECT_THROW(all.add(bad, "1"), std::invalid_argument);
    EXPECT_THROW(all.set(bad, "1"), std::invalid_argument);
  }
  EXPECT_EQ(text_of(all), "A=1|");
}

TEST(header_fields, do_not_show_a_value_that_they_refuse) {
  fields all;
  try {
    all.add("Authorization", "Bearer secret\n");
    ADD_FAILURE() << "it has a line's end in it";
  } catch (const std::invalid_argument& e) {
    EXPECT_EQ(std::string_view(e.what()),
              "the value of the header field Authorization has a control character in it");
  }
}

TEST(header_fields, take_tabs_and_bytes_beyond_ascii_without_the_space_around_them) {
  fields all;
  all.add("A", " \t\xC3\xA9\tb ");
  EXPECT_EQ(text_of(all), "A=\xC3\xA9\tb|");
}

}  // namespace
