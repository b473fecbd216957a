// nginx with a certificate, on a port that is free.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/net/endpoint.hpp>

#include "foreign/on_a_free_port.hpp"
#include "foreign/program.hpp"
#include "net/tls_parties.hpp"

namespace dwell_test {

class nginx_server {
 public:
  /// `listen`: how it does, behind the port: "ssl", say. `more`: lines of its configuration.
  explicit nginx_server(std::string_view listen, std::string_view more = "")
      : running_(on_a_free_port([&](std::uint16_t port) { return command(port, listen, more); },
                                "event method")) {}

  [[nodiscard]] dwell::net::endpoint at() const { return running_.at; }
  /// Where it finds what it serves.
  [[nodiscard]] const scratch_folder& folder() const { return folder_; }

 private:
  // One process in the foreground that writes into the folder only, so that it needs no root.
  static constexpr std::string_view configuration = R"(
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:PORT LISTEN;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    root .;
    MORE
  }
}
)";

  static void fill_in(std::string& text, std::string_view place, std::string_view with) {
    text.replace(text.find(place), place.size(), with);
  }

  [[nodiscard]] std::vector<std::string> command(std::uint16_t port, std::string_view listen,
                                                 std::string_view more) const {
    std::string text(configuration);
    fill_in(text, "PORT", std::to_string(port));
    fill_in(text, "LISTEN", listen);
    fill_in(text, "MORE", more);
    (void)folder_.file("certificate.pem", good_identity().certificate);
    (void)folder_.file("key.pem", good_identity().key);
    return {"nginx", "-p", folder_.path(), "-c", folder_.file("nginx.conf", text), "-e", "stderr"};
  }

  const scratch_folder folder_;
  const server_on_port running_;
};

}  // namespace dwell_test
