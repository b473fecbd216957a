// fork and exec (see child_process.hpp).
#include "child_process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "resources.hpp"

namespace bench {

namespace {

/// A lost wake-up shows as a child that never ends; the suite must end all the same.
constexpr std::int64_t patience_ns = 300'000'000'000;

struct child {
  pid_t id = -1;
  int output = -1;
};

/// In the child: becomes that program, its standard output going into the pipe.
[[noreturn]] void become(const std::string& program, const std::vector<std::string>& arguments,
                         int output) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const auto& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  dup2(output, STDOUT_FILENO);
  execv(program.c_str(), words.data());
  _exit(127);
}

child start(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  // Closed on exec: a server that a child starts must not keep the child's output open.
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  const auto id = fork();
  if (id < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (id == 0) become(program, arguments, ends[1]);
  close(ends[1]);
  return {id, ends[0]};
}

/// Reads to the end of the pipe. False when the child was silent for too long.
bool read_all(int descriptor, std::string& text) {
  const auto deadline = now_ns() + patience_ns;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left_ms = (deadline - now_ns()) / 1'000'000;
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = left_ms <= 0 ? 0 : poll(&waiting, 1, static_cast<int>(left_ms));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const auto count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

bool ended_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

}  // namespace

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) return std::string("was ended by signal ") + strsignal(WTERMSIG(status));
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

bool program_end::succeeded() const { return timely && ended_with(status, 0); }

std::string program_end::complaint() const {
  return timely ? "the run " + describe_end(status)
                : "the run did not end within 300 s and was stopped";
}

program_end run_program(const std::string& program, const std::vector<std::string>& arguments) {
  const auto started = start(program, arguments);
  program_end end;
  end.timely = read_all(started.output, end.output);
  close(started.output);
  if (!end.timely) kill(started.id, SIGKILL);
  while (waitpid(started.id, &end.status, 0) < 0 && errno == EINTR) {
  }
  return end;
}

std::optional<measurement> run_row(const std::string& program,
                                   const std::vector<std::string>& arguments) {
  const auto end = run_program(program, arguments);
  if (end.timely && ended_with(end.status, unknown_workload)) return std::nullopt;
  if (!end.succeeded()) return measurement{{}, {}, end.complaint()};
  try {
    return from_lines(end.output);
  } catch (const std::exception& error) {
    return measurement{{}, {}, error.what()};
  }
}

}  // namespace bench
