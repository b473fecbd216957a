#include <dwell/net/error.hpp>

namespace dwell::inline v0::net {

error::error(int error_number, const std::string& what)
    : std::system_error(error_number, std::generic_category(), what) {}
error::~error() = default;

unexpected_end::unexpected_end(const std::string& what) : std::runtime_error(what) {}
unexpected_end::~unexpected_end() = default;

too_long::too_long(std::size_t limit)
    : std::runtime_error("no delimiter after the " + std::to_string(limit) +
                         " bytes that the limit allows") {}
too_long::~too_long() = default;

}  // namespace dwell::inline v0::net
