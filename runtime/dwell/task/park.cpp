#include <dwell/task/cancelled.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/join.hpp>
#include <dwell/task/park.hpp>

namespace dwell::inline v0::core {

void begin_certain_wait(wait& w, std::coroutine_handle<> leaf) noexcept {
  frame_header& frame = frame_header::of(leaf);
  w.set_leaf(frame);
  frame_header& root = *frame.root;
  detach_chain(root);
  root.joined().ensure_enrolled(*current_context->exec);
  root.sleep.arm(w);
}

bool begin_wait(wait& w, std::coroutine_handle<> leaf) noexcept {
  begin_certain_wait(w, leaf);
  frame_header& root = w.root();
  const join& scope = root.joined();
  // Pairs with fence_as_walker() in cancel_node::cancel(): it sees `arming`, or we see the flag.
  scope.fence_as_chain();
  if (!scope.cancelled()) return true;
  w.mark_cancelled();
  root.sleep.disarm();
  return false;
}

void abandon_wait(wait& w) noexcept { w.root().sleep.disarm(); }

bool end_wait(wait& w) noexcept {
  sleep_word& sleep = w.root().sleep;
  switch (sleep.commit(w)) {
    case sleep_word::commit_result::parked:
      return true;
    case sleep_word::commit_result::woken:
      return false;
    case sleep_word::commit_result::cancelled:
      break;
  }
  const bool aborted = w.abort();
  if (aborted) w.mark_cancelled();
  return !sleep.finish_abort_by_sleeper(w, aborted);
}

bool give_way(wait& w) noexcept {
  return --current_context->budget <= 0 && requeue(w.leaf().handle());
}

bool requeue(std::coroutine_handle<> leaf) noexcept {
  frame_header& frame = frame_header::of(leaf);
  detach_chain(*frame.root);
  return current_context->exec->requeue(frame);
}

void throw_if_cancelled(frame_header& leaf) {
  if (leaf.root->joined().cancel_requested()) throw_cancelled();
}

}  // namespace dwell::inline v0::core
