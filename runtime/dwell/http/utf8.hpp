// UTF-8 as browsers read it. Not installed.
#pragma once

#include <string>
#include <string_view>

namespace dwell::inline v0::http {

/// Appends `raw` with U+FFFD in the place of what is no UTF-8: one for each longest beginning of a
/// character that could have gone on, and one for each other byte, as the WHATWG's decoder does. At
/// most three times as long. Throws std::bad_alloc.
void append_utf8(std::string& to, std::string_view raw);

}  // namespace dwell::inline v0::http
