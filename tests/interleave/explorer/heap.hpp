// operator new and delete of a model program.
//
// What model code allocates during an execution is tracked: a block deleted is filled with a
// pattern and its address is not used again before the execution ends, so a late reader meets a
// dead atomic and not somebody else's; a block deleted twice or never is reported.
#pragma once

#include <cstddef>

namespace model::heap {

/// Whether allocations belong to the model (true only while model code runs).
extern bool tracking;

/// Stops tracking while the explorer itself works inside a model thread.
class engine_scope {
 public:
  engine_scope() : before_(tracking) { tracking = false; }
  ~engine_scope() { tracking = before_; }
  engine_scope(const engine_scope&) = delete;
  engine_scope& operator=(const engine_scope&) = delete;

 private:
  bool before_;
};

/// Tracked blocks that are still alive, and their bytes.
struct census {
  std::size_t blocks = 0;
  std::size_t bytes = 0;
};
census alive();

/// Frees every tracked block, deleted or not.
void release_all();

}  // namespace model::heap
