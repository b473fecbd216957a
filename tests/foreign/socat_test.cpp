// Our sockets against `socat`, over TCP and Unix sockets: it passes the end of either direction on,
// so both halves of a connection end on their own.
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/copy.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/unix.hpp>

#include "foreign/against.hpp"
#include "net/reading.hpp"
#include "support/random_bytes.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::program;
using dwell_test::random_bytes;
using dwell_test::scratch_folder;
using net::bytes_of;

struct over_tcp {
  using stream = net::tcp_stream;
  using listener = net::tcp_listener;

  static std::string listening(const scratch_folder&) { return "TCP-LISTEN:0,bind=127.0.0.1"; }
  static std::string connecting(const net::endpoint& to) { return "TCP:" + to.to_string(); }
  static listener listen(const scratch_folder&) {
    return listener::bind(net::endpoint::loopback(0));
  }
  // What socat says after "listening on ".
  static net::endpoint address_in(const std::string& said) {
    return net::endpoint::loopback(
        static_cast<std::uint16_t>(std::stoi(said.substr(said.rfind(':') + 1))));
  }
  static task<stream> connect(net::endpoint to) { return stream::connect(std::move(to)); }
};

struct over_unix {
  using stream = net::unix_stream;
  using listener = net::unix_listener;

  static std::string path(const scratch_folder& folder) { return folder.path() + "/socket"; }
  static std::string listening(const scratch_folder& folder) {
    return "UNIX-LISTEN:" + path(folder);
  }
  static std::string connecting(const net::endpoint& to) { return "UNIX-CONNECT:" + to.address(); }
  static listener listen(const scratch_folder& folder) { return listener::bind(path(folder)); }
  static net::endpoint address_in(const std::string& said) {
    const std::size_t begin = said.find('"') + 1;
    return net::endpoint::unix_socket(said.substr(begin, said.rfind('"') - begin));
  }
  static task<stream> connect(net::endpoint to) { return stream::connect(to.address()); }
};

// Otherwise one direction has half a second once the other has ended.
constexpr const char* seconds_for_the_other_end = "100";

// With room for all who connect before it accepts: Linux resets those of them who say too much.
constexpr const char* forking = ",fork,backlog=100";

template <class Transport>
class socat : public dwell_test::against {
 protected:
  socat() : against("socat") {}

  // `socat` that serves one connection from `how`, or with ",fork" each by a `how` of its own.
  net::endpoint serve(const std::string& how, const std::string& options = "") {
    socat_.emplace(std::vector<std::string>{"socat", "-d", "-d", "-t", seconds_for_the_other_end,
                                            Transport::listening(folder_) + options, how});
    return Transport::address_in(socat_->after("listening on "));
  }
  // `socat` between a connection and what the test tells it.
  program& ask(const typename Transport::listener& server) {
    return socat_.emplace(std::vector<std::string>{"socat", "-t", seconds_for_the_other_end,
                                                   "STDIO", Transport::connecting(server.local())});
  }
  [[nodiscard]] program& running() { return *socat_; }
  [[nodiscard]] const scratch_folder& folder() const { return folder_; }

 private:
  const scratch_folder folder_;
  std::optional<program> socat_;
};
using transports = testing::Types<over_tcp, over_unix>;
TYPED_TEST_SUITE(socat, transports);

// ---- Our client ----

template <class Stream>
task<> write_and_end(Stream& to, const std::string& text) {
  co_await net::write_all(to, bytes_of(text));
  co_await to.shutdown_write();
}

// Writes all, ends its half, and reads to the end of the other one.
template <class Transport>
task<std::string> echoed(net::endpoint by, const std::string& text) {
  auto stream = co_await Transport::connect(std::move(by));
  auto both = dwell::gather(write_and_end(stream, text), dwell_test::read_all(stream, 10'000));
  auto [written, read] = co_await std::move(both);
  co_return std::move(read);
}

TYPED_TEST(socat, echoes_megabytes_and_then_ends_because_we_did) {
  const net::endpoint at = this->serve("EXEC:cat", forking);
  const std::string content = random_bytes(4 << 20, 3);
  EXPECT_TRUE(dwell::run(echoed<TypeParam>(at, content)) == content);
}

TYPED_TEST(socat, echoes_many_connections_at_once) {
  const net::endpoint at = this->serve("EXEC:cat", forking);
  dwell::run([&]() -> task<> {
    std::vector<std::string> contents;
    for (std::size_t i = 0; i < 20; ++i) contents.push_back(random_bytes(i * 10'000, i));
    std::vector<task<std::string>> all;
    for (const std::string& content : contents) all.push_back(echoed<TypeParam>(at, content));
    const auto answers = co_await dwell::gather(std::move(all));
    EXPECT_TRUE(answers == contents);
  }());
}

TYPED_TEST(socat, ends_its_half_first_and_still_takes_what_we_write) {
  const std::string what_it_says = this->folder().file("said", "first and last");
  const std::string heard = this->folder().path() + "/heard";
  const net::endpoint at = this->serve("OPEN:" + what_it_says + "!!CREATE:" + heard);
  const std::string content = random_bytes(1 << 20, 4);
  dwell::run([&]() -> task<> {
    auto stream = co_await TypeParam::connect(at);
    EXPECT_EQ(co_await dwell_test::read_all(stream), "first and last");
    co_await write_and_end(stream, content);
  }());
  EXPECT_EQ(this->running().wait(), 0);
  EXPECT_TRUE(dwell_test::content_of(heard) == content);
}

// ---- Our server ----

template <class Listener>
task<> echo_one(Listener& listener) {
  auto stream = co_await listener.accept();
  co_await net::copy_and_shut_down(stream, stream);
}

TYPED_TEST(socat, is_answered_by_a_server_of_ours_until_its_end) {
  const std::string content = random_bytes(1 << 20, 5);
  dwell::run([&]() -> task<> {
    auto listener = TypeParam::listen(this->folder());
    program& client = this->ask(listener);
    auto tell = dwell::blocking([&] {
      client.tell(content);
      client.end_input();
    });
    auto hear = dwell::blocking([&] { return client.everything(); });
    auto all = dwell::gather(echo_one(listener), std::move(tell), std::move(hear));
    const auto [served, told, heard] = co_await std::move(all);
    EXPECT_TRUE(heard == content) << heard.size() << " bytes";
    EXPECT_EQ(client.wait(), 0);
  }());
}

TYPED_TEST(socat, is_heard_after_we_have_ended_our_half) {
  dwell::run([&]() -> task<> {
    auto listener = TypeParam::listen(this->folder());
    program& client = this->ask(listener);
    auto stream = co_await listener.accept();
    co_await write_and_end(stream, "all that we have to say\n");
    // That it was read shows that our end has come through, and not merely our bytes.
    const std::string line = co_await dwell::blocking([&] { return client.after("all that"); });
    EXPECT_EQ(line, " we have to say");
    client.tell("and now the client");
    client.end_input();
    EXPECT_EQ(co_await dwell_test::read_all(stream), "and now the client");
    EXPECT_EQ(client.wait(), 0);
  }());
}

TYPED_TEST(socat, is_killed_and_its_connection_ends) {
  dwell::run([&]() -> task<> {
    auto listener = TypeParam::listen(this->folder());
    program& client = this->ask(listener);
    client.tell("a beginning");
    auto stream = co_await listener.accept();
    EXPECT_EQ(co_await dwell_test::read_text(stream), "a beginning");
    client.kill();
    EXPECT_EQ(co_await dwell_test::read_text(stream), "");
  }());
}

}  // namespace
