// fork and exec of this program (see child_process.hpp).
#include "child_process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
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

/// In the child: becomes this program anew, its standard output going into the pipe.
[[noreturn]] void become(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> words{const_cast<char*>("dwell_bench")};
  for (const auto& each : arguments) words.push_back(const_cast<char*>(each.c_str()));
  words.push_back(nullptr);
  dup2(output, STDOUT_FILENO);
  execv("/proc/self/exe", words.data());
  _exit(127);
}

child start(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  const auto id = fork();
  if (id < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (id == 0) {
    close(ends[0]);
    become(arguments, ends[1]);
  }
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

std::string describe_end(int status) {
  if (WIFSIGNALED(status)) {
    return std::string("the run was ended by signal ") + strsignal(WTERMSIG(status));
  }
  return "the run ended with code " + std::to_string(WEXITSTATUS(status));
}

measurement failed(std::string why) { return {{}, {}, std::move(why)}; }

}  // namespace

measurement run_child(const std::vector<std::string>& arguments) {
  const auto started = start(arguments);
  std::string text;
  const bool ended = read_all(started.output, text);
  close(started.output);
  if (!ended) kill(started.id, SIGKILL);
  int status = 0;
  while (waitpid(started.id, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) return failed("the run did not end within 300 s and was stopped");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return failed(describe_end(status));
  try {
    return from_lines(text);
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

}  // namespace bench
