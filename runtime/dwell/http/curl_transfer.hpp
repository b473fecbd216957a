// One request in libcurl's hands: an easy handle and its callbacks. Not installed.
#pragma once

#include <cstdint>
#include <curl/curl.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/http/client_options.hpp>
#include <dwell/http/exchange.hpp>
#include <dwell/net/endpoint.hpp>

namespace dwell::inline v0::http {

class curl_shard;

/// What a transfer wants of its shard; several make one visit.
enum class wish : std::uint8_t { begin = 1, go_on = 2, stop = 4 };

struct easy_deleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using easy_handle = std::unique_ptr<CURL, easy_deleter>;
struct list_deleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// All but its constructor and what an exchange has for clients belongs to the shard's turns.
class curl_transfer final : public exchange, public std::enable_shared_from_this<curl_transfer> {
 public:
  curl_transfer(wire_request asked, std::shared_ptr<curl_shard> home);
  ~curl_transfer() override;

  /// Before it begins. `addresses`: where the host is, none if libcurl need not be told.
  void set_up(const client_options& options, const std::vector<net::endpoint>& addresses);

  [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }
  [[nodiscard]] static curl_transfer& of(CURL* handle) noexcept;

  /// It was removed from the multi handle, with this result.
  void finished(CURLcode result) noexcept;
  /// The same without one.
  void abandoned(request_failure reason, std::string_view why) noexcept { fail(reason, why); }

 private:
  friend class curl_shard;

  void go_on() noexcept override;
  void stop() noexcept override;

  void set_method();
  void set_headers(const client_options& options);
  void set_addresses(const std::vector<net::endpoint>& addresses);
  void set_tls(const client_options& options);
  void set_callbacks();
  template <class T>
  void set(CURLoption option, T value);

  [[nodiscard]] std::size_t on_header(std::string_view line) noexcept;
  void take_line(std::string_view line);
  void take_status(std::string_view line);
  [[nodiscard]] std::size_t on_body(std::string_view part) noexcept;
  [[nodiscard]] std::size_t on_upload(net::bytes to) noexcept;
  [[nodiscard]] bool on_rewind() noexcept;

  const std::shared_ptr<curl_shard> home_;
  easy_handle handle_;
  std::unique_ptr<curl_slist, list_deleter> headers_;
  std::unique_ptr<curl_slist, list_deleter> addresses_;
  char error_[CURL_ERROR_SIZE] = {};
  bool added_ = false;   // to the multi handle
  bool as_new_ = false;  // the handle may serve another request
  answer_head head_;     // as it comes
  std::size_t header_bytes_ = 0;
  bool head_given_ = false;

  // Under the shard's inbox lock:
  std::uint8_t wishes_ = 0;
  curl_transfer* next_ = nullptr;          // in the inbox
  std::shared_ptr<curl_transfer> queued_;  // itself, while it stands there
};

}  // namespace dwell::inline v0::http
