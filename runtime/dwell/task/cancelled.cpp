#include <typeinfo>

#include <dwell/task/cancelled.hpp>

namespace dwell::inline v0::core {

void throw_cancelled() { throw cancelled{}; }

const std::exception_ptr& cancelled_error() noexcept {
  static const std::exception_ptr shared = std::make_exception_ptr(cancelled{});
  return shared;
}

bool is_cancelled(const std::exception_ptr& error) noexcept {
  if (error == nullptr) return false;
  if (error == cancelled_error()) return true;
#ifdef __GLIBCXX__
  // Without this each cancelled child would cost a second throw, only to be recognized.
  if (*error.__cxa_exception_type() == typeid(cancelled)) return true;
#endif
  try {
    std::rethrow_exception(error);
  } catch (const cancelled&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace dwell::inline v0::core
