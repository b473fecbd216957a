#include <charconv>
#include <curl/curl.h>
#include <memory>
#include <new>
#include <stdexcept>

#include <dwell/http/url.hpp>

namespace dwell::inline v0::http {

namespace {

struct parts_deleter {
  void operator()(CURLU* parts) const noexcept { curl_url_cleanup(parts); }
};
using parts = std::unique_ptr<CURLU, parts_deleter>;

void require(CURLUcode code) {
  if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
  if (code != CURLUE_OK)
    throw std::invalid_argument(std::string("no URL that can be requested: ") +
                                curl_url_strerror(code));
}

void set_text(CURLU* of, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) require(CURLUE_MALFORMED_INPUT);
  require(curl_url_set(of, CURLUPART_URL, std::string(text).c_str(), 0));
}

std::string get(CURLU* of, CURLUPart part, unsigned flags = 0) {
  char* found = nullptr;
  require(curl_url_get(of, part, &found, flags));
  const std::unique_ptr<char, decltype(&curl_free)> owned(found, &curl_free);
  return found;
}

}  // namespace

url url::parse(std::string_view text) { return url().resolved(text); }

url url::resolved(std::string_view reference) const {
  const parts all(curl_url());
  if (all == nullptr) throw std::bad_alloc();
  if (!text_.empty()) set_text(all.get(), text_);
  set_text(all.get(), reference);
  require(curl_url_set(all.get(), CURLUPART_FRAGMENT, nullptr, 0));
  const std::string scheme = get(all.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    throw std::invalid_argument("no URL that can be requested: its scheme is '" + scheme +
                                "', not http or https");
  url made;
  made.text_ = get(all.get(), CURLUPART_URL);
  made.host_ = get(all.get(), CURLUPART_HOST);
  made.path_ = get(all.get(), CURLUPART_PATH);
  const std::string port = get(all.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  (void)std::from_chars(port.data(), port.data() + port.size(), made.port_);
  made.origin_ = scheme + "://" + made.host_ + ":" + port;
  return made;
}

}  // namespace dwell::inline v0::http
