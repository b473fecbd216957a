#include <dwell/os/stand_in.hpp>

namespace dwell::inline v0::os {

constinit thread_local stand_in* current_stand_in = nullptr;

}  // namespace dwell::inline v0::os
