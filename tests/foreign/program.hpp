// Programs that are not ours, for as long as a test needs them.
//
// A server must not outlive its test, however that ends: the destructor ends it, and when the test
// itself dies the system does (PR_SET_PDEATHSIG). SIGKILL in both cases, so that no program's
// manners decide how long the tests take.
#pragma once

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/os/file_descriptor.hpp>

namespace dwell_test {

/// Where a command is, or nothing. Looks where servers are, too.
inline std::optional<std::string> find_command(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string file = std::move(folder) + "/" + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

/// A folder for one test.
class scratch_folder {
 public:
  scratch_folder() {
    std::string name = std::filesystem::temp_directory_path() / "dwell-foreign-XXXXXX";
    if (mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = name;
  }
  ~scratch_folder() {
    std::error_code gone_already;
    std::filesystem::remove_all(path_, gone_already);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  /// Makes a file, and gives its full name.
  [[nodiscard]] std::string file(const std::string& name, std::string_view content) const {
    const std::filesystem::path full = path_ / name;
    std::ofstream(full, std::ios::binary) << content;
    return full.string();
  }

 private:
  std::filesystem::path path_;
};

/// Of a file.
inline std::string content_of(const std::string& file) {
  std::ostringstream content;
  content << std::ifstream(file, std::ios::binary).rdbuf();
  return std::move(content).str();
}

/// A child process. What it prints, on both channels, waits in a pipe: somebody must read it if it
/// is more than some kilobytes. One thread at a time may read that, and one may tell it something.
class program {
 public:
  /// Starts `words`, of which the first is a command, in `folder`. The thread that does so must
  /// live as long as the program shall.
  explicit program(const std::vector<std::string>& words, const std::string& folder = "/") {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()) != 0 ||
        pipe2(out.data(), O_CLOEXEC) != 0)
      throw std::system_error(errno, std::generic_category(), "channels to a program");
    input_ = dwell::os::file_descriptor(in[0]);
    output_ = dwell::os::file_descriptor(out[0]);
    const dwell::os::file_descriptor its_input(in[1]);
    const dwell::os::file_descriptor its_output(out[1]);
    const std::optional<std::string> file = find_command(words.front());
    if (!file) throw std::runtime_error("there is no command " + words.front());
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ == 0) become(file->c_str(), arguments.data(), folder.c_str(), parent, in[1], out[1]);
  }
  ~program() {
    kill();
    (void)wait();
  }
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// Waits for a line with `what` in it, and gives what follows `what` there. Throws all that the
  /// program said when it ends first.
  std::string after(std::string_view what) {
    for (;;) {
      const std::string line = next_line();
      const std::size_t at = line.find(what);
      if (at != std::string::npos) return line.substr(at + what.size());
    }
  }
  /// All that it said and will say, until it ends.
  std::string everything() {
    while (read_more()) {
    }
    return said_;
  }

  /// Gives it something to read.
  void tell(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(input_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent < 0) throw std::system_error(errno, std::generic_category(), "tell a program");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void end_input() { input_.reset(); }

  /// Ends it at once; any thread.
  void kill() const {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  /// Waits for its end; gives the exit status, or the negative signal that ended it.
  int wait() {
    if (pid_ <= 0) return status_;
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return status_;
  }

 private:
  // In the child, where only what is safe in a signal handler may be called.
  [[noreturn]] static void become(const char* file, char** arguments, const char* folder,
                                  pid_t parent, int in, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);  // it died before the line above
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (chdir(folder) == 0) execv(file, arguments);
    _exit(127);
  }

  bool read_more() {
    std::array<char, 4096> room{};
    ssize_t got = 0;
    while ((got = read(output_.get(), room.data(), room.size())) < 0 && errno == EINTR) {
    }
    if (got <= 0) return false;
    said_.append(room.data(), static_cast<std::size_t>(got));
    return true;
  }

  std::string next_line() {
    std::size_t end = 0;
    while ((end = said_.find('\n', seen_)) == std::string::npos)
      if (!read_more()) throw std::runtime_error("a program ended, and had said:\n" + said_);
    const std::size_t begin = std::exchange(seen_, end + 1);
    return said_.substr(begin, end - begin);
  }

  pid_t pid_ = -1;
  int status_ = 0;
  dwell::os::file_descriptor input_;
  dwell::os::file_descriptor output_;
  std::string said_;
  std::size_t seen_ = 0;
};

}  // namespace dwell_test
