#include <new>
#include <stdexcept>
#include <utility>

#include <dwell/http/curl_failure.hpp>
#include <dwell/http/curl_shard.hpp>
#include <dwell/http/curl_transfer.hpp>
#include <dwell/http/syntax.hpp>

namespace dwell::inline v0::http {

namespace {

std::unique_ptr<curl_slist, list_deleter> appended(std::unique_ptr<curl_slist, list_deleter> list,
                                                   const std::string& text) {
  curl_slist* const longer = curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  (void)list.release();  // the same list, or none
  return std::unique_ptr<curl_slist, list_deleter>(longer);
}

// libcurl leaves out a field that has no value, unless it ends with a semicolon.
std::string line_of(const field& f) {
  return f.value.empty() ? f.name + ";" : f.name + ": " + f.value;
}

}  // namespace

curl_transfer::curl_transfer(wire_request asked, std::shared_ptr<curl_shard> home)
    : exchange(std::move(asked)), home_(std::move(home)), handle_(home_->take_handle()) {}

curl_transfer::~curl_transfer() {
  if (as_new_) home_->give_back(std::move(handle_));
}

curl_transfer& curl_transfer::of(CURL* handle) noexcept {
  void* found = nullptr;
  (void)curl_easy_getinfo(handle, CURLINFO_PRIVATE, &found);
  return *static_cast<curl_transfer*>(found);
}

// ---- Setting up ----

template <class T>
void curl_transfer::set(CURLoption option, T value) {
  const CURLcode result = curl_easy_setopt(handle_.get(), option, value);
  if (result == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (result != CURLE_OK) throw std::invalid_argument(curl_easy_strerror(result));
}

void curl_transfer::set_up(const client_options& options,
                           const std::vector<net::endpoint>& addresses) {
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_ERRORBUFFER, error_);
  set(CURLOPT_URL, asked().url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, options.proxy.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // The limits on times are the exchange's.
  set(CURLOPT_CONNECTTIMEOUT_MS, 1'000'000'000L);
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(options.idle_time.count()));
  if (options.decompress) set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_HTTP_VERSION, long{options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1});
  // Rather a stream of a connection that is being made than another connection. Only where the
  // handshake says what the server speaks: otherwise its first answer does, and until then further
  // requests would wait for it.
  const bool is_told = options.http2 && asked().url.starts_with("https:");
  set(CURLOPT_PIPEWAIT, is_told ? 1L : 0L);
  set_method();
  set_headers(options);
  set_addresses(addresses);
  set_tls(options);
  set_callbacks();
}

void curl_transfer::set_method() {
  const wire_request& r = asked();
  if (r.method == "HEAD") set(CURLOPT_NOBODY, 1L);
  if (r.has_body) {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, r.body_size ? static_cast<curl_off_t>(*r.body_size) : -1);
    // libcurl sends a request again, of its own accord, when a kept connection turns out to be
    // closed. A body that has gone out stops it (rewind()); where there is none a new connection
    // must, or the server might carry out twice what is to be done once.
    if (!is_idempotent(r.method) && r.body_size == 0U) set(CURLOPT_FRESH_CONNECT, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, r.method.c_str());
}

void curl_transfer::set_headers(const client_options& options) {
  const fields& given = asked().headers;
  for (const field& f : given) headers_ = appended(std::move(headers_), line_of(f));
  // Otherwise a large body waits a second for servers that do not know "100 Continue".
  if (!given.get("Expect")) headers_ = appended(std::move(headers_), "Expect:");
  set(CURLOPT_HTTPHEADER, headers_.get());
  if (!options.user_agent.empty()) set(CURLOPT_USERAGENT, options.user_agent.c_str());
}

// Into libcurl's own cache, under the name: so it never resolves one, which takes a thread that a
// cancelled request would have to wait for.
void curl_transfer::set_addresses(const std::vector<net::endpoint>& addresses) {
  if (addresses.empty()) return;
  std::string entry = "+" + asked().host + ":" + std::to_string(asked().port) + ":";
  for (const net::endpoint& e : addresses) {
    const bool is_v6 = e.family() == net::endpoint::kind::ipv6;
    if (entry.back() != ':') entry += ',';
    entry += is_v6 ? "[" + e.address() + "]" : e.address();
  }
  addresses_ = appended(nullptr, entry);
  set(CURLOPT_RESOLVE, addresses_.get());
}

void curl_transfer::set_tls(const client_options& options) {
  if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.insecure_skip_verification) return;
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
}

void curl_transfer::set_callbacks() {
  const auto self = static_cast<void*>(this);
  set(
      CURLOPT_HEADERFUNCTION, +[](char* at, std::size_t, std::size_t n, void* t) {
        return static_cast<curl_transfer*>(t)->on_header({at, n});
      });
  set(CURLOPT_HEADERDATA, self);
  set(
      CURLOPT_WRITEFUNCTION, +[](char* at, std::size_t, std::size_t n, void* t) {
        return static_cast<curl_transfer*>(t)->on_body({at, n});
      });
  set(CURLOPT_WRITEDATA, self);
  set(
      CURLOPT_READFUNCTION, +[](char* at, std::size_t size, std::size_t n, void* t) {
        return static_cast<curl_transfer*>(t)->on_upload(
            std::as_writable_bytes(std::span(at, size * n)));
      });
  set(CURLOPT_READDATA, self);
  set(
      CURLOPT_SEEKFUNCTION, +[](void* t, curl_off_t offset, int origin) {
        const bool to_begin = offset == 0 && origin == SEEK_SET;
        const bool did = to_begin && static_cast<curl_transfer*>(t)->on_rewind();
        return did ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
      });
  set(CURLOPT_SEEKDATA, self);
  set(
      CURLOPT_PREREQFUNCTION, +[](void* t, char*, char*, int, int) {
        static_cast<curl_transfer*>(t)->note_connected();
        return CURL_PREREQFUNC_OK;
      });
  set(CURLOPT_PREREQDATA, self);
  home_->set_socket_callbacks(handle_.get());
}

// ---- What libcurl tells: called from within C, nothing may be thrown ----

std::size_t curl_transfer::on_header(std::string_view line) noexcept {
  try {
    note_answer_begins();
    header_bytes_ += line.size();
    if (header_bytes_ > asked().limits.header_bytes) {
      fail(request_failure::too_large, "the head is larger than the limit");
      return 0;
    }
    if (!head_given_) take_line(line);
    return line.size();
  } catch (const std::invalid_argument&) {
    fail(request_failure::malformed, "a field of the answer's head is none");
  } catch (const std::bad_alloc&) {
    fail(request_failure::local_failure, "out of memory");
  } catch (const std::length_error& too_many) {
    fail(request_failure::too_large, too_many.what());
  }
  return 0;
}

void curl_transfer::take_line(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) return take_status(line);
  if (line.empty()) {
    // 1xx is not yet the answer; no protocol is switched to.
    if (head_.status < 200) return;
    head_given_ = true;
    return give_head(std::exchange(head_, {}));
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) throw std::invalid_argument("no colon");
  if (head_.headers.size() >= asked().limits.header_count)
    throw std::length_error("the head has more fields than the limit");
  head_.headers.add(line.substr(0, colon), trimmed(line.substr(colon + 1)));
}

void curl_transfer::take_status(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view digits =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1, 3);
  const std::optional<std::uint64_t> status = parse_number(digits, 10);
  if (!status || *status < 100) throw std::invalid_argument("no status");
  head_ = {};
  head_.status = static_cast<int>(*status);
}

std::size_t curl_transfer::on_body(std::string_view part) noexcept {
  try {
    switch (give_body(net::bytes_of(part))) {
      case room::taken:
        return part.size();
      case room::none:
        return CURL_WRITEFUNC_PAUSE;
      case room::too_much:
        fail(request_failure::too_large, "the body is larger than the limit");
    }
  } catch (const std::bad_alloc&) {
    fail(request_failure::local_failure, "out of memory");
  }
  return part.empty() ? 1 : 0;  // anything but the size: an error
}

std::size_t curl_transfer::on_upload(net::bytes to) noexcept {
  const outgoing piece = take_outgoing(to);
  return piece.count == 0 && !piece.complete ? std::size_t{CURL_READFUNC_PAUSE} : piece.count;
}

// libcurl would send the request again, after some of its body went out on a connection that turned
// out to be closed, or on a stream that the server says it refused.
bool curl_transfer::on_rewind() noexcept {
  if (is_idempotent(asked().method) && rewind()) return true;
  fail(request_failure::broken, "the server dropped the request, which is not sent twice");
  return false;
}

// Where a callback has said why it refused, that counts, and not libcurl's "a callback failed".
void curl_transfer::finished(CURLcode result) noexcept {
  // What was cut off in the middle leaves its traces in the handle, and so does a pause.
  const bool may_have_paused = asked().has_body && asked().body == nullptr;
  as_new_ = result == CURLE_OK && !may_have_paused;
  if (result == CURLE_OK && head_given_) return end();
  // For libcurl a head may end with its connection.
  if (result == CURLE_OK) return fail(request_failure::broken, "the connection ended in the head");
  const char* const detail = error_[0] != '\0' ? error_ : curl_easy_strerror(result);
  fail(failure_of(result), detail);
}

// ---- The client's wishes ----

void curl_transfer::go_on() noexcept { home_->post(*this, wish::go_on); }
void curl_transfer::stop() noexcept { home_->post(*this, wish::stop); }

}  // namespace dwell::inline v0::http
