#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <new>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/os/child.hpp>
#include <dwell/os/retried.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr int first_beyond_stdio = 3;

// What the child does between its birth and the program, in this order.
class file_actions {
 public:
  explicit file_actions(const child_request& request) {
    check(posix_spawn_file_actions_init(&actions_));
    try {
      int number = 0;
      for (const int source : request.stdio) add(number++, source);
      check(posix_spawn_file_actions_addclosefrom_np(&actions_, first_beyond_stdio));
      if (!request.directory.empty())
        check(posix_spawn_file_actions_addchdir_np(&actions_, request.directory.c_str()));
    } catch (...) {
      posix_spawn_file_actions_destroy(&actions_);
      throw;
    }
  }
  ~file_actions() { posix_spawn_file_actions_destroy(&actions_); }
  file_actions(const file_actions&) = delete;
  file_actions& operator=(const file_actions&) = delete;

  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  void add(int number, int source) {
    if (source == child_request::inherit) return;
    if (source == child_request::discard)
      check(posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_RDWR, 0));
    else
      check(posix_spawn_file_actions_adddup2(&actions_, source, number));
  }
  static void check(int error) {
    if (error != 0) throw std::bad_alloc();  // nothing else is wrong with what we ask for
  }

  posix_spawn_file_actions_t actions_;
};

// No signal is blocked or, for SIGPIPE, ignored because it is with us: programs do not expect that.
class spawn_attributes {
 public:
  spawn_attributes() {
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (posix_spawnattr_init(&attributes_) != 0) throw std::bad_alloc();
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &pipe);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~spawn_attributes() { posix_spawnattr_destroy(&attributes_); }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// The texts as execve() wants them; they must live as long.
std::vector<char*> pointers_to(const std::vector<std::string>& texts, const std::string* first) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 2);
  if (first != nullptr) pointers.push_back(const_cast<char*>(first->c_str()));
  for (const std::string& each : texts) pointers.push_back(const_cast<char*>(each.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

io_result child::start(const child_request& request, child& into) {
  const file_actions actions(request);
  const spawn_attributes attributes;
  const std::vector<char*> arguments = pointers_to(request.arguments, &request.program);
  const std::vector<char*> environment = pointers_to(request.environment, nullptr);
  pid_t id = 0;
  const int error = posix_spawnp(&id, request.program.c_str(), actions.get(), attributes.get(),
                                 arguments.data(), environment.data());
  if (error != 0) return {.error = error};
  child started;
  started.id_ = id;
  into = std::move(started);
  return {};
}

child::child(child&& other) noexcept : id_(std::exchange(other.id_, 0)) {}

child& child::operator=(child&& other) noexcept {
  if (this == &other) return *this;
  end_at_once();
  id_ = std::exchange(other.id_, 0);
  return *this;
}

// By its number, here and below: glibc 2.36 declares the calls without extern "C".
io_result child::open_handle() const noexcept {
  return retried(
      [&] { return syscall(SYS_pidfd_open, id_, 0); });  // closed on exec without being asked
}

io_result child::reap(child_end& end) noexcept {
  siginfo_t ended{};
  const io_result waited =
      retried([&] { return waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOHANG); });
  if (!waited.ok()) {
    id_ = 0;
    return waited;
  }
  if (ended.si_pid == 0) return {.error = EAGAIN};
  id_ = 0;
  const bool returned = ended.si_code == CLD_EXITED;
  end = {.code = returned ? ended.si_status : 0, .signal = returned ? 0 : ended.si_status};
  return {};
}

void child::end_at_once() noexcept {
  if (id_ == 0) return;
  kill(id_, SIGKILL);
  const io_result reaped = retried([&] { return waitpid(id_, nullptr, 0); });
  DWELL_ASSERT(reaped.ok() || reaped.error == ECHILD, "a child of ours can be waited for");
  id_ = 0;
}

io_result signal_child(int handle, int number) noexcept {
  return retried([&] { return syscall(SYS_pidfd_send_signal, handle, number, nullptr, 0); });
}

std::vector<std::string> current_environment() {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

}  // namespace dwell::inline v0::os
