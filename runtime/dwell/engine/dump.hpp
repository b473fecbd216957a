// A picture of what sleeps in what, for reports.
#pragma once

#include <string>

#include <dwell/task/cancel_node.hpp>

namespace dwell::inline v0::engine {

/// A few lines for each sleeping chain below `top`: what it awaits, where, and on whose behalf.
/// Only while no chain runs.
[[nodiscard]] std::string describe_sleepers(core::cancel_node& top);

}  // namespace dwell::inline v0::engine
