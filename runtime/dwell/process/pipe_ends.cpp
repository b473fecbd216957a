#include <dwell/net/attempts.hpp>
#include <dwell/os/pipe.hpp>
#include <dwell/process/pipe_ends.hpp>

namespace dwell::inline v0 {

task<std::size_t> pipe_reader::read_some(net::bytes to) {
  return net::read_with(end_, "read from a process", to.size(),
                        [fd = end_.usable(), to] { return os::read_from(fd, to); });
}

task<std::size_t> pipe_writer::write_some(net::const_bytes from) {
  return net::write_with(end_, "write to a process",
                         [fd = end_.usable(), from] { return os::write_to(fd, from); });
}

task<> pipe_writer::shutdown_write() {
  co_await checkpoint();
  end_.close();
}

}  // namespace dwell::inline v0
