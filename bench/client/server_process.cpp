// Starting, watching and ending a server (see server_process.hpp).
#include "server_process.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "../harness/child_process.hpp"
#include "../harness/resources.hpp"
#include "../harness/workload.hpp"

namespace bench {

namespace {

/// An interpreter on a busy machine takes seconds to begin.
constexpr std::int64_t start_limit_ns = 30'000'000'000;
constexpr std::int64_t stop_limit_ns = 5'000'000'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// In the child. It dies with its client, however that ends.
[[noreturn]] void become(const std::string& program, const std::vector<std::string>& words,
                         int input, int output) {
  std::vector<char*> arguments{const_cast<char*>(program.c_str())};
  for (const auto& each : words) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  execv(program.c_str(), arguments.data());
  _exit(127);
}

std::uint16_t port_in(const std::string& line) {
  constexpr std::string_view name = "port ";
  std::uint16_t port = 0;
  if (line.starts_with(name)) {
    const auto end = line.data() + line.size();
    const auto parsed = std::from_chars(line.data() + name.size(), end, port);
    if (parsed.ec == std::errc{} && parsed.ptr == end && port != 0) return port;
  }
  throw std::runtime_error("the server said '" + line + "' instead of 'port NUMBER'");
}

void close_once(int& descriptor) {
  if (descriptor >= 0) close(std::exchange(descriptor, -1));
}

}  // namespace

server_process::server_process(const std::string& program, const std::string& service,
                               const row& subject) {
  auto words = to_arguments(subject);
  words[0] = "--serve";
  words[1] = service;
  start(program, words);
  try {
    const auto line = first_line();
    // A line means that it serves. No line means that it has ended or will not begin.
    if (line.empty() && ended_within(stop_limit_ns)) {
      if (WIFEXITED(status_) && WEXITSTATUS(status_) == unknown_workload) throw not_served(service);
      throw std::runtime_error("the server " + describe_end(status_) + " before it served");
    }
    port_ = port_in(line);
  } catch (...) {
    kill_it();
    throw;
  }
}

server_process::~server_process() { kill_it(); }

void server_process::start(const std::string& program, const std::vector<std::string>& words) {
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) fail("pipe");
  id_ = fork();
  if (id_ < 0) fail("fork");
  if (id_ == 0) become(program, words, input[0], output[1]);
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  output_ = output[0];
}

std::string server_process::first_line() const {
  const auto deadline = now_ns() + start_limit_ns;
  std::string line;
  for (char c = 0;;) {
    pollfd waiting{output_, POLLIN, 0};
    const auto left_ms = std::max<std::int64_t>(0, (deadline - now_ns()) / 1'000'000);
    const int ready = poll(&waiting, 1, static_cast<int>(left_ms));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || read(output_, &c, 1) <= 0 || c == '\n') return line;
    line += c;
  }
}

std::int64_t server_process::cpu_ns() const {
  clockid_t clock{};
  timespec used{};
  if (const int error = clock_getcpuclockid(id_, &clock); error != 0) {
    throw std::runtime_error(std::string("the server's clock: ") + std::strerror(error));
  }
  if (clock_gettime(clock, &used) != 0) fail("the server's clock");
  return used.tv_sec * 1'000'000'000LL + used.tv_nsec;
}

std::uint64_t server_process::anonymous_bytes() const {
  const auto path = "/proc/" + std::to_string(id_) + "/smaps_rollup";
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    unsigned long long kilobytes = 0;
    if (std::sscanf(line.c_str(), "Anonymous: %llu kB", &kilobytes) == 1) return kilobytes * 1024;
  }
  throw std::runtime_error(path + " does not say how much is anonymous");
}

bool server_process::ended_within(std::int64_t limit_ns) {
  const auto deadline = now_ns() + limit_ns;
  for (;;) {
    const auto ended = waitpid(id_, &status_, WNOHANG);
    if (ended == id_) {
      id_ = -1;
      return true;
    }
    if (ended < 0 && errno != EINTR) fail("waitpid");
    if (now_ns() > deadline) return false;
    poll(nullptr, 0, 1);
  }
}

void server_process::stop() {
  close_once(input_);
  if (!ended_within(stop_limit_ns)) {
    throw std::runtime_error("the server did not end when its standard input did");
  }
  if (status_ != 0) throw std::runtime_error("the server " + describe_end(status_));
}

void server_process::kill_it() {
  close_once(input_);
  close_once(output_);
  if (id_ < 0) return;
  kill(id_, SIGKILL);
  while (waitpid(id_, &status_, 0) < 0 && errno == EINTR) {
  }
  id_ = -1;
}

measurement with_server(const row& subject, const std::string& service,
                        const std::function<measurement(server_process&)>& measure) {
  const bool named = subject.has("server");
  server_process server(named ? subject.get("server") : this_program, service, subject);
  measurement found;
  try {
    found = measure(server);
  } catch (const std::exception& error) {
    found.failure = error.what();
  }
  try {
    server.stop();
  } catch (const std::exception& error) {
    found.failure += (found.failure.empty() ? "" : "; ") + std::string(error.what());
  }
  return found;
}

}  // namespace bench
