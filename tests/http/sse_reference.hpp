// The standard's algorithm, as simple as it can be said: the whole stream at once, decoded first,
// then cut into lines. What the parser is compared with.
#pragma once

#include <cstddef>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace dwell_test {

/// An event that owns its texts.
struct kept_event {
  std::string type;
  std::string data;
  std::string id;
  bool operator==(const kept_event&) const = default;
};
inline std::ostream& operator<<(std::ostream& to, const kept_event& e) {
  return to << "{type '" << e.type << "', data '" << e.data << "', id '" << e.id << "'}";
}

/// What a stream comes to.
struct kept_stream {
  std::vector<kept_event> events{};
  std::string last_id{};
  std::optional<long long> retry{};
  bool operator==(const kept_stream&) const = default;
};
inline std::ostream& operator<<(std::ostream& to, const kept_stream& s) {
  for (const kept_event& e : s.events) to << e << ' ';
  return to << "last id '" << s.last_id << "', retry " << s.retry.value_or(-1);
}

/// The decoder of the WHATWG's Encoding Standard, state for state.
class utf8_decoder {
 public:
  std::u32string decode(std::string_view raw) {
    for (const char c : raw)
      if (!take(static_cast<unsigned char>(c))) take(static_cast<unsigned char>(c));
    if (needed_ != 0) out_ += U'\xFFFD';
    return out_;
  }

 private:
  // False: the byte breaks a character off, and is to be taken again.
  bool take(unsigned char byte) {
    if (needed_ == 0) {
      begin(byte);
      return true;
    }
    const bool fits = byte >= lower_ && byte <= upper_;
    lower_ = 0x80;
    upper_ = 0xBF;
    if (!fits) {
      out_ += U'\xFFFD';
      needed_ = 0;
      return false;
    }
    point_ = (point_ << 6) | (byte & 0x3FU);
    if (--needed_ == 0) out_ += point_;
    return true;
  }

  void begin(unsigned char byte) {
    if (byte < 0x80) {
      out_ += byte;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      needed_ = 1;
      point_ = byte & 0x1FU;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      if (byte == 0xE0) lower_ = 0xA0;
      if (byte == 0xED) upper_ = 0x9F;
      needed_ = 2;
      point_ = byte & 0xFU;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      if (byte == 0xF0) lower_ = 0x90;
      if (byte == 0xF4) upper_ = 0x8F;
      needed_ = 3;
      point_ = byte & 0x7U;
    } else {
      out_ += U'\xFFFD';
    }
  }

  std::u32string out_;
  char32_t point_ = 0;
  unsigned needed_ = 0;
  unsigned char lower_ = 0x80;
  unsigned char upper_ = 0xBF;
};

inline std::string encode_utf8(std::u32string_view text) {
  std::string out;
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  for (const char32_t c : text) {
    if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xC0 | (c >> 6));
      put(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      put(0xE0 | (c >> 12));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    } else {
      put(0xF0 | (c >> 18));
      put(0x80 | ((c >> 12) & 0x3F));
      put(0x80 | ((c >> 6) & 0x3F));
      put(0x80 | (c & 0x3F));
    }
  }
  return out;
}

/// The lines of a text that have an end.
inline std::vector<std::u32string> complete_lines(const std::u32string& text) {
  std::vector<std::u32string> lines;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != U'\r' && text[i] != U'\n') continue;
    lines.push_back(text.substr(begin, i - begin));
    if (text[i] == U'\r' && i + 1 < text.size() && text[i + 1] == U'\n') ++i;
    begin = i + 1;
  }
  return lines;
}

inline void take_retry(kept_stream& out, const std::u32string& value) {
  if (value.empty() || value.find_first_not_of(U"0123456789") != std::u32string::npos) return;
  constexpr long long longest = 9'223'372'036'854;  // milliseconds that fit in nanoseconds
  long long count = 0;
  for (const char32_t digit : value)
    if (count <= longest) count = count * 10 + static_cast<long long>(digit - U'0');
  out.retry = count < longest ? count : longest;
}

inline kept_stream parse_by_the_standard(std::string_view raw) {
  std::u32string text = utf8_decoder().decode(raw);
  if (text.starts_with(U'\xFEFF')) text.erase(0, 1);
  kept_stream out;
  std::u32string data;
  std::u32string type;
  std::u32string id;
  for (const std::u32string& line : complete_lines(text)) {
    if (line.empty()) {
      out.last_id = encode_utf8(id);
      if (!data.empty()) {
        data.pop_back();
        out.events.push_back({.type = type.empty() ? "message" : encode_utf8(type),
                              .data = encode_utf8(data),
                              .id = out.last_id});
      }
      data.clear();
      type.clear();
      continue;
    }
    const std::size_t colon = line.find(U':');
    const std::u32string name = line.substr(0, colon);
    std::u32string value = colon == std::u32string::npos ? U"" : line.substr(colon + 1);
    if (value.starts_with(U' ')) value.erase(0, 1);
    if (name == U"data") data += value + U'\n';
    if (name == U"event") type = value;
    if (name == U"id" && value.find(U'\0') == std::u32string::npos) id = value;
    if (name == U"retry") take_retry(out, value);
  }
  return out;
}

}  // namespace dwell_test
