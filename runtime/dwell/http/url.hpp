// Where a request goes. Not installed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dwell::inline v0::http {

/// An absolute http or https URL, taken apart. A value.
class url {
 public:
  /// Throws std::invalid_argument, which does not show the text: it may have a password in it.
  [[nodiscard]] static url parse(std::string_view text);
  /// What `reference`, which may be relative, means in a document that is here. Throws as parse().
  [[nodiscard]] url resolved(std::string_view reference) const;

  /// All of it, without a fragment.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// "https://a.example:443": what shares connections.
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// For messages: without query and user.
  [[nodiscard]] std::string for_people() const { return origin_ + path_; }

 private:
  std::string text_;
  std::string host_;
  std::string origin_;
  std::string path_;
  std::uint16_t port_ = 0;
};

}  // namespace dwell::inline v0::http
