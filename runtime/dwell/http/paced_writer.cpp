#include <cerrno>

#include <dwell/http/paced_writer.hpp>
#include <dwell/net/error.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

task<> paced_writer::write(net::const_bytes from) {
  if (broken_) throw net::error(ECONNABORTED, "write behind what was not written in full");
  broken_ = true;
  while (!from.empty()) {
    task<std::size_t> some = to_.write_some(from);
    const std::size_t written = co_await timeout(pace_.begin(), std::move(some));
    pace_.end(written);
    from = from.subspan(written);
  }
  broken_ = false;
}

}  // namespace dwell::inline v0::http
