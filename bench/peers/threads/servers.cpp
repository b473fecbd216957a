// What is served until standard input ends, by a thread for each connection: every connection gets
// its own bytes back.
#include "servers.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace bench {

namespace {

/// The most that a server reads at once; see ../README.md.
constexpr std::size_t read_bytes = 1'024;

int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  return result;
}

bool write_all(int client, const char* bytes, std::size_t count) {
  while (count > 0) {
    const auto written = send(client, bytes, count, MSG_NOSIGNAL);
    if (written < 0) return false;
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

void answer(int client) {
  const int yes = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  std::array<char, read_bytes> buffer;
  for (;;) {
    const auto count = recv(client, buffer.data(), buffer.size(), 0);
    if (count <= 0 || !write_all(client, buffer.data(), static_cast<std::size_t>(count))) break;
  }
  close(client);
}

void accept_all(int listener) {
  for (;;) std::thread(answer, checked(accept(listener, nullptr, nullptr), "accept")).detach();
}

}  // namespace

void serve_echo(const row&) {
  const int listener = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  checked(bind(listener, raw, size), "bind");
  checked(listen(listener, SOMAXCONN), "listen");
  checked(getsockname(listener, raw, &size), "getsockname");
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  std::thread(accept_all, listener).detach();
  for (char byte = 0; read(STDIN_FILENO, &byte, 1) > 0;) {
  }
  std::_Exit(0);  // threads that wait for their clients cannot be joined
}

}  // namespace bench
