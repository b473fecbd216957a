// How requests get to servers: libcurl, or a simulation.
#pragma once

#include <memory>

#include <dwell/base/export.hpp>
#include <dwell/http/exchange.hpp>

namespace dwell::inline v0::http {

/// One way to carry out a request and get an answer. Any thread.
class DWELL_API transport {
 public:
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  /// No exchange goes on.
  virtual ~transport();

  /// Begins to carry it out: the rest happens through the exchange. May wait (for the address of a
  /// host, say), within request_times::connect. Throws request_error.
  [[nodiscard]] virtual task<std::shared_ptr<exchange>> begin(wire_request asked) = 0;

 protected:
  transport() noexcept = default;
};

}  // namespace dwell::inline v0::http
