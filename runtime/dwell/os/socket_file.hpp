// The entry of a Unix socket in the file system.
#pragma once

#include <string>
#include <sys/types.h>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// Owns the file that a bind made: removes it, unless the path has come to mean another file since.
class DWELL_API socket_file {
 public:
  socket_file() noexcept = default;
  /// What is at `path` now; nothing, if there is nothing.
  explicit socket_file(std::string path);
  ~socket_file() { remove(); }
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&& other) noexcept;

  void remove() noexcept;

  /// Whether there is a socket, and not another file.
  [[nodiscard]] static bool is_at(const std::string& path) noexcept;

 private:
  std::string path_;  // empty for none
  dev_t device_ = 0;
  ino_t number_ = 0;
};

}  // namespace dwell::inline v0::os
