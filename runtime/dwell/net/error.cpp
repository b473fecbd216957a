#include <dwell/net/error.hpp>

namespace dwell::inline v0::net {

error::error(int error_number, const std::string& what)
    : std::system_error(error_number, std::generic_category(), what) {}
error::~error() = default;

unexpected_end::unexpected_end(const std::string& what) : std::runtime_error(what) {}
unexpected_end::~unexpected_end() = default;

}  // namespace dwell::inline v0::net
