#include <array>
#include <csignal>
#include <utility>

#include <dwell/net/error.hpp>
#include <dwell/offload/blocking.hpp>
#include <dwell/os/pipe.hpp>
#include <dwell/process/process.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0 {

namespace {

void refuse_failure(const os::io_result& done, const std::string& what) {
  if (!done.ok()) throw net::error(done.error, what);
}

// "NAME=value" each: the inherited ones, but for those that are set anew.
std::vector<std::string> environment_of(const command& what) {
  std::vector<std::string> all;
  if (what.inherit_environment) all = os::current_environment();
  std::erase_if(all, [&](const std::string& entry) {
    return what.environment.contains(entry.substr(0, entry.find('=')));
  });
  for (const auto& [name, value] : what.environment) all.push_back(name + "=" + value);
  return all;
}

int source_of(stdio how, const os::file_descriptor& childs_end) noexcept {
  switch (how) {
    case stdio::pipe:
      return childs_end.get();
    case stdio::inherit:
      return os::child_request::inherit;
    case stdio::discard:
      break;
  }
  return os::child_request::discard;
}

os::child_request request_for(const command& what, std::array<int, 3> stdio) {
  return {.program = what.program,
          .arguments = what.arguments,
          .environment = environment_of(what),
          .directory = what.directory,
          .stdio = stdio};
}

enum class ours : bool { reads, writes };

// A pipe if one is asked for: `mine` is registered, the other end is returned.
os::file_descriptor connect(stdio how, ours end, net::descriptor& mine) {
  if (how != stdio::pipe) return {};
  constexpr const char* what = "make a pipe to a process";
  os::pipe_pair ends;
  refuse_failure(os::open_pipe(ends), what);
  os::file_descriptor& kept = end == ours::reads ? ends.reader : ends.writer;
  os::file_descriptor& given = end == ours::reads ? ends.writer : ends.reader;
  refuse_failure(os::make_nonblocking(kept.get()), what);
  mine = net::descriptor(std::move(kept), what);
  return std::move(given);
}

}  // namespace

process::process(command what) noexcept : what_(std::move(what)) {}
process::~process() = default;

// On a thread of blocking(): the caller waits until the child executes its program, which may come
// from a slow disk. The child's ends are closed here as soon as it has them: a pipe ends when the
// last writer's does.
task<> process::start() {
  co_await checkpoint();
  net::descriptor input;
  net::descriptor output;
  net::descriptor error;
  const os::file_descriptor childs_input = connect(what_.input, ours::writes, input);
  const os::file_descriptor childs_output = connect(what_.output, ours::reads, output);
  const os::file_descriptor childs_error = connect(what_.error, ours::reads, error);
  const os::child_request request = request_for(
      what_, {source_of(what_.input, childs_input), source_of(what_.output, childs_output),
              source_of(what_.error, childs_error)});
  auto starting = blocking([&] { return os::child::start(request, child_); });
  const os::io_result started = co_await std::move(starting);
  const std::string where = what_.directory.empty() ? "" : " in '" + what_.directory + "'";
  refuse_failure(started, "start '" + what_.program + "'" + where);
  id_ = child_.id();
  const os::io_result handle = child_.open_handle();
  refuse_failure(handle, "watch '" + what_.program + "'");
  ended_ = net::descriptor(os::file_descriptor(static_cast<int>(handle.value)), "watch a process");
  input_ = pipe_writer(std::move(input));
  output_ = pipe_reader(std::move(output));
  error_ = pipe_reader(std::move(error));
}

// Whether it has ended, which is learnt once.
bool process::has_ended() noexcept {
  if (status_ || lost_ != 0) return true;
  os::child_end end;
  const os::io_result reaped = child_.reap(end);
  if (reaped.would_block()) return false;
  lost_ = reaped.error;
  if (reaped.ok()) status_ = exit_status{.code = end.code, .signal = end.signal};
  return true;
}

task<> process::until_ended() {
  co_await checkpoint();
  while (!has_ended()) co_await ended_.readable();
}

task<exit_status> process::wait() {
  co_await until_ended();
  if (lost_ != 0) throw net::error(lost_, "learn how '" + what_.program + "' ended");
  co_return *status_;
}

void process::send_signal(int number) {
  if (status_ || lost_ != 0) return;
  const os::io_result sent = os::signal_child(ended_.get(), number);
  if (sent.error != ESRCH) refuse_failure(sent, "send a signal to '" + what_.program + "'");
}

void process::terminate() { send_signal(SIGTERM); }
void process::kill() { send_signal(SIGKILL); }

task<> process::end() {
  input_.close();
  output_.close();
  error_.close();
  if (has_ended()) co_return;
  terminate();
  auto ended = move_on_after(what_.grace, until_ended());
  if (co_await std::move(ended)) co_return;
  kill();
  co_await until_ended();
}

}  // namespace dwell::inline v0
