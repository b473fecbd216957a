#include <algorithm>

#include <dwell/http/crlf_lines.hpp>
#include <dwell/http/status.hpp>

namespace dwell::inline v0::http {

namespace {

// Where the first CR or LF is: two searches for one byte each are faster than one for two.
std::size_t find_end(std::string_view text) noexcept {
  const std::size_t cr = text.find('\r');
  return std::min(cr, text.substr(0, cr).find('\n'));
}

}  // namespace

std::optional<std::string_view> crlf_lines::next(std::string_view& text, std::size_t limit,
                                                 int too_long) {
  if (part_is_used_up_) {
    part_.clear();
    part_is_used_up_ = false;
  }
  if (!cr_has_come_) {
    const std::string_view part = text.substr(0, find_end(text));
    if (part_.size() + part.size() > limit) throw status_error(too_long, "a line is too long");
    const bool at_end = part.size() < text.size();
    if (at_end && text[part.size()] == '\n') throw status_error(400, "a line ends with a bare LF");
    if (at_end && part_.empty() && text.substr(part.size()).starts_with("\r\n")) {
      text.remove_prefix(part.size() + 2);
      return part;
    }
    part_ += part;
    text.remove_prefix(part.size());
    if (!at_end) return std::nullopt;
    text.remove_prefix(1);
    cr_has_come_ = true;
  }
  if (!take_lf(text)) return std::nullopt;
  part_is_used_up_ = true;
  return part_;
}

bool crlf_lines::take_lf(std::string_view& text) {
  if (text.empty()) return false;
  if (text.front() != '\n') throw status_error(400, "a CR stands within a line");
  text.remove_prefix(1);
  cr_has_come_ = false;
  return true;
}

}  // namespace dwell::inline v0::http
