#include <cstddef>

#include <dwell/http/utf8.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

struct lead {
  std::size_t following;  // bytes that a character has after this one; 0: it begins none
  unsigned char lowest;   // of the second byte, and so
  unsigned char highest;
};

// The second byte's limits keep out what is too long, a surrogate, or beyond U+10FFFF.
lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {.following = 1, .lowest = 0x80, .highest = 0xBF};
  if (byte == 0xE0) return {.following = 2, .lowest = 0xA0, .highest = 0xBF};
  if (byte == 0xED) return {.following = 2, .lowest = 0x80, .highest = 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {.following = 2, .lowest = 0x80, .highest = 0xBF};
  if (byte == 0xF0) return {.following = 3, .lowest = 0x90, .highest = 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {.following = 3, .lowest = 0x80, .highest = 0xBF};
  if (byte == 0xF4) return {.following = 3, .lowest = 0x80, .highest = 0x8F};
  return {.following = 0, .lowest = 0, .highest = 0};
}

struct scanned {
  std::size_t length;
  bool good;
};

// The character that begins at `text`, which is not ASCII, or what there is of one.
scanned scan_character(std::string_view text) {
  const lead first = lead_of(static_cast<unsigned char>(text[0]));
  if (first.following == 0) return {.length = 1, .good = false};
  unsigned char lowest = first.lowest;
  unsigned char highest = first.highest;
  for (std::size_t i = 1; i <= first.following; ++i) {
    if (i == text.size()) return {.length = i, .good = false};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < lowest || byte > highest) return {.length = i, .good = false};
    lowest = 0x80;
    highest = 0xBF;
  }
  return {.length = first.following + 1, .good = true};
}

}  // namespace

void append_utf8(std::string& to, std::string_view raw) {
  std::size_t good = 0;  // how much of `raw` is good and not appended yet
  while (good < raw.size()) {
    if (static_cast<unsigned char>(raw[good]) < 0x80) {
      ++good;
      continue;
    }
    const scanned next = scan_character(raw.substr(good));
    if (next.good) {
      good += next.length;
      continue;
    }
    to.append(raw.substr(0, good)).append(replacement);
    raw.remove_prefix(good + next.length);
    good = 0;
  }
  to.append(raw);
}

}  // namespace dwell::inline v0::http
