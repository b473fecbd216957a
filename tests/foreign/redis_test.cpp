// A client of Redis in a page, over our TCP and Unix streams, against `redis-server`: every answer
// is of the right question, however many are under way.
#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/unix.hpp>

#include "foreign/against.hpp"
#include "foreign/on_a_free_port.hpp"
#include "support/random_bytes.hpp"
#include "support/scale.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::random_bytes;
using net::bytes_of;

// ---- The protocol ----

std::string command(const std::vector<std::string>& words) {
  std::string made = "*";
  made.append(std::to_string(words.size())).append("\r\n");
  for (const std::string& word : words) {
    made.append("$").append(std::to_string(word.size())).append("\r\n");
    made.append(word).append("\r\n");
  }
  return made;
}

// The next answer: a text, a number, or "(none)"; an error as "-…".
template <class Stream>
task<std::string> answer(net::buffered_reader<Stream&>& from) {
  const std::optional<std::string> come = co_await from.read_line(1'000);
  const std::string line = come.value_or("(the end)");
  if (line.starts_with("-")) co_return line;
  if (line == "$-1") co_return "(none)";
  if (!line.starts_with("$")) co_return line.substr(1);
  std::string text(std::stoul(line.substr(1)), '\0');
  co_await from.read_exactly(std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(co_await from.read_line(0), "");
  co_return text;
}

// ---- The server ----

class redis_server {
 public:
  redis_server()
      : running_(dwell_test::on_a_free_port([this](std::uint16_t port) { return command(port); },
                                            "ready to accept connections at")) {}

  [[nodiscard]] net::endpoint tcp() const { return running_.at; }
  [[nodiscard]] std::string path() const { return folder_.path() + "/socket"; }

 private:
  [[nodiscard]] std::vector<std::string> command(std::uint16_t port) const {
    return {"redis-server",
            "--port",
            std::to_string(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder_.path(),
            "--unixsocket",
            path(),
            "--tcp-backlog",
            "128"};
  }

  const dwell_test::scratch_folder folder_;
  const dwell_test::server_on_port running_;
};

struct over_tcp {
  static task<net::tcp_stream> connect(const redis_server& to) {
    return net::tcp_stream::connect(to.tcp());
  }
};
struct over_unix {
  static task<net::unix_stream> connect(const redis_server& to) {
    const std::string path = to.path();
    return net::unix_stream::connect(path);
  }
};

template <class Transport>
class redis : public dwell_test::against {
 protected:
  redis() : against("redis-server") {}

  void SetUp() override {
    against::SetUp();
    if (!IsSkipped()) server_.emplace();
  }
  [[nodiscard]] const redis_server& server() const { return *server_; }

 private:
  std::optional<redis_server> server_;
};
using transports = testing::Types<over_tcp, over_unix>;
TYPED_TEST_SUITE(redis, transports);

// ---- Pipelining ----

std::string key(std::int64_t i) { return "key " + std::to_string(i); }
std::string value(std::int64_t i) {
  const auto seed = static_cast<std::uint64_t>(i);
  return random_bytes(seed * 37 % 1'000, seed);
}

template <class Stream>
task<> ask_all(Stream& stream, std::int64_t count, bool set) {
  net::buffered_writer<Stream&> to(stream);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string text = set ? command({"SET", key(i), value(i)}) : command({"GET", key(i)});
    co_await net::write_all(to, bytes_of(text));
  }
  co_await to.flush();
}

template <class Stream>
task<> check_all(net::buffered_reader<Stream&>& from, std::int64_t count, bool set) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string expected = set ? "OK" : value(i);
    const std::string got = co_await answer(from);
    if (got == expected) continue;
    ADD_FAILURE() << "the answer of question " << i << ": " << got.substr(0, 100);
    co_return;
  }
}

TYPED_TEST(redis, answers_ten_thousand_questions_that_do_not_wait_for_each_other) {
  const std::int64_t count = dwell_test::scaled(10'000);
  dwell::run([&]() -> task<> {
    auto stream = co_await TypeParam::connect(this->server());
    net::buffered_reader<decltype(stream)&> answers(stream);
    for (const bool set : {true, false}) {
      auto both = dwell::gather(ask_all(stream, count, set), check_all(answers, count, set));
      co_await std::move(both);
    }
  }());
}

// ---- Many at once ----

// The numbers that one connection gets, a question at a time.
template <class Transport>
task<std::vector<int>> count_up(const redis_server& server, std::size_t times) {
  auto stream = co_await Transport::connect(server);
  net::buffered_reader<decltype(stream)&> answers(stream);
  const std::string question = command({"INCR", "counter"});
  std::vector<int> numbers;
  while (numbers.size() < times) {
    co_await net::write_all(stream, bytes_of(question));
    const std::string number = co_await answer(answers);
    numbers.push_back(std::stoi(number));
  }
  co_return numbers;
}

TYPED_TEST(redis, counts_for_many_tasks_and_gives_each_number_once) {
  const auto each = static_cast<std::size_t>(dwell_test::scaled(200));
  const auto answers = dwell_test::run_on(4, [&]() -> task<std::vector<std::vector<int>>> {
    std::vector<task<std::vector<int>>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(count_up<TypeParam>(this->server(), each));
    co_return co_await dwell::gather(std::move(tasks));
  }());
  std::vector<int> all;
  for (const std::vector<int>& some : answers) {
    EXPECT_TRUE(std::is_sorted(some.begin(), some.end()));
    all.insert(all.end(), some.begin(), some.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), 50 * each);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<int>(i) + 1);
}

}  // namespace
