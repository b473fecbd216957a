// How the resolution of a name fails.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::net {

enum class resolve_failure : std::uint8_t {
  /// The servers say that there is no such name, or that it has no address.
  no_such_host,
  /// The text can be no name.
  invalid_name,
  /// No server answered in time.
  timed_out,
  /// The servers refused, or answered what cannot be understood.
  server_failure,
  /// This side failed: no memory, no descriptor, no configuration.
  local_failure,
  /// The resolver was destroyed first.
  abandoned,
};

/// A name was not resolved. what() names it and says why: "resolve db.example: no such host".
class DWELL_API resolve_error : public std::runtime_error {
 public:
  /// `detail` says it in words.
  resolve_error(std::string_view host, resolve_failure reason, std::string_view detail);
  ~resolve_error() override;

  [[nodiscard]] resolve_failure reason() const noexcept { return reason_; }
  /// Whether the same question may be answered later: by a retry, it does no harm.
  [[nodiscard]] bool temporary() const noexcept;

 private:
  resolve_failure reason_;
};

}  // namespace dwell::inline v0::net
