// A picture of what sleeps in what, for reports.
#pragma once

#include <source_location>
#include <string>

#include <dwell/task/cancel_node.hpp>

namespace dwell::inline v0::engine {

/// Appends "function (file:line)".
void append_site(std::string& text, const std::source_location& site);

/// Appends a few lines for each sleeping chain below `top`: what it awaits, where, and on whose
/// behalf. Only while no chain runs. Where memory ends the text does.
void describe_sleepers(core::cancel_node& top, std::string& text) noexcept;

}  // namespace dwell::inline v0::engine
