#include <dwell/net/error.hpp>
#include <dwell/net/socket_base.hpp>

namespace dwell::inline v0::net {

void socket_base::set(socket_option option, int value) {
  if (const os::io_result done = os::set_option(socket_.get(), option, value); !done.ok())
    throw error(done.error, "set an option of a socket");
}

int socket_base::get(socket_option option) const {
  const os::io_result got = os::get_option(socket_.get(), option);
  if (!got.ok()) throw error(got.error, "get an option of a socket");
  return static_cast<int>(got.value);
}

}  // namespace dwell::inline v0::net
