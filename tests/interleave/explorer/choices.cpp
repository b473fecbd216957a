#include "choices.hpp"

#include <cstdlib>

namespace model {

void choices::search() {
  mode_ = mode::search;
  taken_.clear();
}

void choices::draw(std::uint64_t seed) {
  mode_ = mode::draw;
  taken_.clear();
  random_ = seed;
  // Some runs switch at every second operation, some once in sixteen: bugs live at both ends.
  tameness_ = 2u << (random() % 4);
}

bool choices::follow(const char* text) {
  mode_ = mode::follow;
  taken_.clear();
  script_.clear();
  while (*text != '\0') {
    char* end = nullptr;
    const auto value = static_cast<unsigned>(std::strtoul(text, &end, 10));
    if (end == text) return false;
    unsigned long repeat = 1;
    if (*end == 'x') repeat = std::strtoul(end + 1, &end, 10);
    script_.insert(script_.end(), repeat, value);
    text = *end == '.' ? end + 1 : end;
  }
  return true;
}

// splitmix64: one word of state, good enough for drawing schedules, the same on every machine.
std::uint64_t choices::random() {
  std::uint64_t z = (random_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

unsigned choices::first_visit(unsigned count, choice_kind kind) {
  if (mode_ == mode::search) return 0;
  if (mode_ == mode::follow) return next_ < script_.size() ? script_[next_] % count : 0;
  const std::uint64_t tame = kind == choice_kind::schedule ? tameness_ : 2;
  if (kind != choice_kind::other && random() % tame != 0) return 0;
  return static_cast<unsigned>(random() % count);
}

unsigned choices::pick(unsigned count, choice_kind kind) {
  if (count <= 1) return 0;
  if (next_ == taken_.size()) taken_.push_back({first_visit(count, kind), count});
  return taken_[next_++].taken;
}

bool choices::advance() {
  taken_.resize(next_);
  while (!taken_.empty() && taken_.back().taken + 1 == taken_.back().count) taken_.pop_back();
  if (taken_.empty()) return false;
  ++taken_.back().taken;
  return true;
}

std::string choices::text() const {
  std::string out;
  for (std::size_t i = 0; i < next_;) {
    std::size_t same = i;
    while (same < next_ && taken_[same].taken == taken_[i].taken) ++same;
    if (!out.empty()) out += '.';
    out += std::to_string(taken_[i].taken);
    if (same - i > 1) out += 'x' + std::to_string(same - i);
    i = same;
  }
  return out.empty() ? "0" : out;
}

}  // namespace model
