#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <dwell/os/socket_file.hpp>

namespace dwell::inline v0::os {

socket_file::socket_file(std::string path) : path_(std::move(path)) {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) path_.clear();  // somebody was faster
  device_ = found.st_dev;
  number_ = found.st_ino;
}

socket_file::socket_file(socket_file&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), number_(other.number_) {}

socket_file& socket_file::operator=(socket_file&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(number_, other.number_);
  return *this;
}

void socket_file::remove() noexcept {
  struct stat found {};
  const bool is_ours = !path_.empty() && ::lstat(path_.c_str(), &found) == 0 &&
                       found.st_dev == device_ && found.st_ino == number_;
  if (is_ours) ::unlink(path_.c_str());
  path_.clear();
}

bool socket_file::is_at(const std::string& path) noexcept {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode);
}

}  // namespace dwell::inline v0::os
