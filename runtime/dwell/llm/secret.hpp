// A key, which never gets into a log by accident.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::llm {

/// A text that nothing prints, compares or converts: who wants it says reveal().
class DWELL_API secret {
 public:
  /// None.
  secret() noexcept = default;
  explicit secret(std::string text) noexcept : text_(std::move(text)) {}
  /// What the environment has under `variable`; none if nothing. Not while another thread changes
  /// the environment.
  [[nodiscard]] static secret from_environment(const std::string& variable);

  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
  /// `text` with *** wherever the secret stood in it.
  [[nodiscard]] std::string removed_from(std::string text) const;

 private:
  std::string text_;
};

}  // namespace dwell::inline v0::llm
