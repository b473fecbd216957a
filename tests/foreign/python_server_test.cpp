// Our HTTP client against Python's own server: HTTP/1.0, a connection for each answer.
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>

#include "foreign/against.hpp"
#include "support/random_bytes.hpp"

namespace {

using dwell::task;
namespace http = dwell::http;

class python_server : public dwell_test::against {
 protected:
  python_server() : against("python3") {}

  void SetUp() override {
    against::SetUp();
    if (IsSkipped()) return;
    (void)folder_.file("large", large_);
    const std::vector<std::string> command = {"python3", "-u",        "-m", "http.server",
                                              "--bind",  "127.0.0.1", "0"};
    server_.emplace(command, folder_.path());
    // "Serving HTTP on 127.0.0.1 port 8000 (http://127.0.0.1:8000/) ..."
    const std::string rest = server_->after("Serving HTTP on 127.0.0.1 port ");
    base_ = "http://127.0.0.1:" + rest.substr(0, rest.find(' '));
  }

  const std::string large_ = dwell_test::random_bytes(1 << 20, 8);
  std::string base_{};

 private:
  const dwell_test::scratch_folder folder_;
  std::optional<dwell_test::program> server_;
};

TEST_F(python_server, serves_our_client) {
  dwell::run([&]() -> task<> {
    http::client client;
    for (int i = 0; i < 3; ++i) {
      http::client_response large = co_await client.get(base_ + "/large");
      EXPECT_EQ(large.status, 200);
      EXPECT_TRUE(large.headers.get("Server").value_or("").starts_with("SimpleHTTP/"));
      EXPECT_TRUE((co_await large.text()) == large_);
      http::client_response missing = co_await client.get(base_ + "/nothing");
      EXPECT_EQ(missing.status, 404);
      EXPECT_NE((co_await missing.text()).find("File not found"), std::string::npos);
    }
  }());
}

TEST_F(python_server, refuses_what_it_does_not_do) {
  dwell::run([&]() -> task<> {
    http::client client;
    http::client_response refused = co_await client.post(base_ + "/large", "words");
    EXPECT_EQ(refused.status, 501);
  }());
}

}  // namespace
