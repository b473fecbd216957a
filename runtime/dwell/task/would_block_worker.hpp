// What a call throws that would block the worker it is made on.
#pragma once

#include <stdexcept>
#include <string>

#include <dwell/base/export.hpp>

namespace dwell::inline v0 {

/// A call that waits by blocking its thread was made in a coroutine, whose worker runs others too.
/// what() names the call and what to write instead. A mistake in the program: thrown rather than a
/// stop, because the call may sit in a callback of a library that knows of no coroutines.
class DWELL_API would_block_worker : public std::logic_error {
 public:
  would_block_worker(const std::string& who, const std::string& remedy);
  ~would_block_worker() override;
};

namespace core {

/// Throws would_block_worker if the calling thread is a worker.
DWELL_API void refuse_on_worker(const char* who, const char* remedy);

}  // namespace core

}  // namespace dwell::inline v0
