// How the network fails.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <system_error>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::net {

/// The system refused an operation. code() is its errno; what() says what was tried, and with whom:
/// "connect to 127.0.0.1:80: Connection refused".
class DWELL_API error : public std::system_error {
 public:
  error(int error_number, const std::string& what);
  ~error() override;
};

/// The other side ended the stream in the middle of something: within the bytes that
/// read_exactly() wanted, before the delimiter of read_until(), or, in TLS, without saying that it
/// was the end (a cut connection looks so, and so does an attack).
class DWELL_API unexpected_end : public std::runtime_error {
 public:
  explicit unexpected_end(const std::string& what);
  ~unexpected_end() override;
};

/// A line, or what else a delimiter ends, is longer than the reader's limit. What came of it is
/// still in the reader's buffer.
class DWELL_API too_long : public std::runtime_error {
 public:
  explicit too_long(std::size_t limit);
  ~too_long() override;
};

}  // namespace dwell::inline v0::net
