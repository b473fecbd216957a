// Scheduling: the threads of one execution and who runs next. Operations are in operations.cpp.
#include "execution.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <exception>

#include "heap.hpp"

namespace model {
namespace {

constexpr unsigned idle_rounds_allowed = 64;

execution* the_execution = nullptr;

}  // namespace

execution& now() { return *the_execution; }
bool exploring() { return the_execution != nullptr && the_execution->running(); }

execution::execution(choices& c, const settings& s) : choices_(c), settings_(s), memory_(c, s) {
  the_execution = this;
}

execution::~execution() { the_execution = nullptr; }

thread& execution::add_thread(const char* name, void (*body)(void*), void* argument) {
  if (count_ == max_threads) fail("a model may have at most %u threads", max_threads);
  if (count_ == threads_.size()) threads_.push_back(std::make_unique<thread>());
  thread& t = *threads_[count_];
  t.id = count_++;
  t.body = body;
  t.argument = argument;
  t.state = thread_state::ready;
  t.current.clear();
  t.unfenced.clear();
  t.released.clear();
  t.ran_at = 0;
  t.first_round = ++t.round;
  t.fruitless_reads = 0;
  t.preempted = false;
  t.own_word = nullptr;
  t.stack.prepare(&execution::thread_main, &t);
  trace_.name_thread(t.id, name);
  return t;
}

void execution::run(void (*body)(void*), void* argument, unsigned bound, bool searching) {
  memory_.begin(settings_.spurious_failures, searching);
  trace_.clear();
  failure_.clear();
  outcome_.clear();
  count_ = current_ = preemptions_ = detours_ = idle_rounds_ = steps_ = 0;
  turn_ = progress_ = 0;
  bound_ = bound;
  searching_ = searching;
  cut_ = false;
  spurious_wakes_ = settings_.spurious_wakes;
  per_thread_ = nullptr;
  thread& first = add_thread("main", body, argument);
  running_ = true;
  fiber::switch_to(explorer_, first.stack);
  running_ = false;
}

void execution::thread_main(void* self) {
  const auto& t = *static_cast<thread*>(self);
  heap::tracking = true;
  try {
    t.body(t.argument);
  } catch (const std::exception& e) {
    now().fail("an exception leaves the thread: %s", e.what());
  } catch (...) {
    now().fail("an exception leaves the thread");
  }
  heap::tracking = false;
  now().finish();
}

void execution::fail(const char* format, ...) {
  heap::engine_scope engine;
  char text[512];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  failure_ = std::string(trace_.thread_name(current_)) + ": " + text;
  abandon();
}

void execution::abandon() {
  fiber::switch_to(current().stack, explorer_);
  std::terminate();  // nobody resumes an abandoned execution
}

void execution::progress() {
  ++progress_;
  idle_rounds_ = 0;
}

bool execution::eligible(const thread& t) const {
  switch (t.state) {
    case thread_state::ready:
      return true;
    case thread_state::yielded:
      return progress_ != t.progress_seen;
    case thread_state::sleeping:
      return t.may_time_out && progress_ != t.progress_seen;
    default:
      return false;
  }
}

// The least recently run first.
execution::candidates execution::others() const {
  candidates found;
  for (unsigned i = 0; i < count_; ++i) {
    if (i != current_ && eligible(*threads_[i])) found.id[found.count++] = i;
  }
  std::sort(found.id.begin(), found.id.begin() + found.count,
            [&](unsigned a, unsigned b) { return threads_[a]->ran_at < threads_[b]->ran_at; });
  return found;
}

// Threads that could go on, though nothing has changed since they last looked.
execution::candidates execution::spinners() const {
  candidates found;
  for (unsigned i = 0; i < count_; ++i) {
    const thread& t = *threads_[i];
    if (t.state == thread_state::yielded || (t.state == thread_state::sleeping && t.may_time_out))
      found.id[found.count++] = i;
  }
  std::sort(found.id.begin(), found.id.begin() + found.count,
            [&](unsigned a, unsigned b) { return threads_[a]->ran_at < threads_[b]->ran_at; });
  return found;
}

unsigned execution::next_thread(reason why) {
  candidates c = others();
  if (why == reason::passing) {
    if (c.count == 0 || preemptions_ >= bound_) return current_;
    const unsigned picked = choices_.pick(c.count + 1, choice_kind::schedule);
    if (picked == 0) return current_;
    ++preemptions_;
    return c.id[picked - 1];
  }
  if (c.count == 0) {
    c = spinners();
    if (c.count == 0) nobody_can_run();
    if (++idle_rounds_ > idle_rounds_allowed)
      fail("livelock: every thread that is not blocked spins, and none changes anything");
  }
  if (why == reason::yielding && detours_ >= bound_) return c.id[0];
  const unsigned picked = choices_.pick(c.count, choice_kind::other);
  if (why == reason::yielding && picked != 0) ++detours_;
  return c.id[picked];
}

void execution::nobody_can_run() {
  std::string who;
  for (unsigned i = 0; i < count_; ++i) {
    const thread& t = *threads_[i];
    if (t.state == thread_state::finished) continue;
    if (!who.empty()) who += ", ";
    who += trace_.thread_name(i);
    if (t.state == thread_state::sleeping)
      who += " sleeps on " + trace_.describe(t.sleeps_on, sizeof(std::uint32_t));
    if (t.state == thread_state::joining)
      who += std::string(" joins ") + trace_.thread_name(t.joins);
  }
  fail("deadlock or lost wake-up: %s", who.c_str());
}

void execution::switch_from(thread& from, unsigned id, bool for_good) {
  thread& to = *threads_[id];
  if (to.state == thread_state::sleeping) {
    to.timed_out = true;
    const event e{.thread = id, .what = action::timeout, .address = to.sleeps_on, .size = 4};
    trace_.add(e);
  }
  to.state = thread_state::ready;
  to.ran_at = ++turn_;
  if (id == from.id) return;
  current_ = id;
  if (per_thread_ != nullptr) {
    from.own_word = *per_thread_;
    *per_thread_ = to.own_word;
  }
  if (for_good)
    fiber::finish(from.stack, to.stack);
  else
    fiber::switch_to(from.stack, to.stack);
}

void execution::give_up(reason why) { switch_from(current(), next_thread(why), false); }

void execution::reach(const step& next, std::source_location where) {
  if (++steps_ > settings_.steps)
    fail("more than %u operations: does this ever end?", settings_.steps);
  if (current().fruitless_reads > settings_.patience) {
    yield(where);
  } else {
    const unsigned id = next_thread(reason::passing);
    if (id != current_) preempt(id, next);
  }
  disturb(next);
}

// See step.hpp.
void execution::preempt(unsigned id, const step& next) {
  thread& t = current();
  t.pending = next;
  t.preempted = true;
  t.disturbed = false;
  switch_from(t, id, false);
  t.preempted = false;
  if (t.disturbed || !searching_) return;
  cut_ = true;
  abandon();
}

void execution::disturb(const step& done) {
  for (unsigned i = 0; i < count_; ++i) {
    thread& t = *threads_[i];
    if (i != current_ && t.preempted && conflict(t.pending, done)) t.disturbed = true;
  }
}

void execution::yield(std::source_location where) {
  heap::engine_scope engine;
  if (++steps_ > settings_.steps)
    fail("more than %u operations: does this ever end?", settings_.steps);
  note(action::yield, where);
  thread& t = current();
  t.state = thread_state::yielded;
  t.progress_seen = progress_;
  t.fruitless_reads = 0;
  ++t.round;
  give_up(reason::yielding);
}

unsigned execution::choose(unsigned count) { return choices_.pick(count, choice_kind::other); }

void execution::per_thread(void** word) {
  per_thread_ = word;
  *word = nullptr;
}

unsigned execution::spawn(const char* name, void (*body)(void*), void* argument) {
  heap::engine_scope engine;
  thread& parent = current();
  parent.tick();
  thread& child = add_thread(name, body, argument);
  memory_.join(child.current, parent.current);
  note(action::spawn, {}, child.id);
  progress();
  return child.id;
}

void execution::join_thread(unsigned id) {
  heap::engine_scope engine;
  thread& t = current();
  thread& other = *threads_[id];
  if (other.state != thread_state::finished) {
    t.state = thread_state::joining;
    t.joins = id;
    give_up(reason::stopping);
  }
  memory_.join(t.current, other.current);
  note(action::join, {}, id);
}

void execution::finish() {
  thread& t = current();
  note(action::finish, {});
  t.state = thread_state::finished;
  progress();
  bool all = true;
  for (unsigned i = 0; i < count_; ++i) {
    thread& other = *threads_[i];
    if (other.state == thread_state::joining && other.joins == t.id)
      other.state = thread_state::ready;
    all = all && other.state == thread_state::finished;
  }
  if (t.id == 0 && !all) fail("the model ends while a thread still runs: keep and join it");
  if (!all) return switch_from(t, next_thread(reason::stopping), true);
  check_leaks();
  fiber::finish(t.stack, explorer_);
}

void execution::check_leaks() {
  const heap::census left = heap::alive();
  if (settings_.find_leaks && left.blocks != 0)
    fail("%zu heap blocks (%zu bytes) are never deleted", left.blocks, left.bytes);
}

}  // namespace model
