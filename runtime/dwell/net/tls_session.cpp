#include <algorithm>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <vector>

#include <dwell/net/tls_openssl.hpp>
#include <dwell/net/tls_session.hpp>
#include <dwell/os/endpoint.hpp>
#include <dwell/os/lock.hpp>

namespace dwell::inline v0::net {

namespace {

constexpr std::size_t record_size = SSL3_RT_MAX_PLAIN_LENGTH;

std::string after_colon(std::string text) { return text.empty() ? text : ": " + text; }

bool is_not_tls(int reason) noexcept {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_HTTPS_PROXY_REQUEST;
}

// TLS's own word for what went wrong, or else the last there is: below it in the queue are those of
// the algorithms that it called.
unsigned long cause_in_queue() noexcept {
  unsigned long found = 0;
  while (const unsigned long next = ERR_get_error())
    if (ERR_GET_LIB(next) == ERR_LIB_SSL || ERR_GET_LIB(found) != ERR_LIB_SSL) found = next;
  return found;
}

// The host as certificates and servers know it.
std::string canonical(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    return std::string(host.substr(1, host.size() - 2));
  return std::string(host.substr(0, host.size() - (host.ends_with('.') ? 1 : 0)));
}

}  // namespace

struct tls_session::engine {
  engine(std::shared_ptr<const tls_context_state> of, std::string with);

  // All but the constructor's: under the lock.
  void ask_for(std::string_view host);
  state take_answer(int returned, state when_ended);
  void fail(int kind);
  void describe();
  [[nodiscard]] std::size_t produced() const noexcept { return BIO_ctrl_pending(outgoing); }

  const std::shared_ptr<const tls_context_state> context;
  const std::string peer;  // for messages
  openssl::connection_ptr connection;
  BIO* incoming = nullptr;  // both are the connection's
  BIO* outgoing = nullptr;

  mutable os::lock lock;
  std::optional<tls_error> failure{};
  bool open = false;
  bool input_ended = false;
  bool write_closed = false;
  // What output() showed, which must not move while it is being sent. More gathers in `outgoing`.
  std::vector<std::byte> sending{};
  std::size_t sent = 0;
};

tls_session::engine::engine(std::shared_ptr<const tls_context_state> of, std::string with)
    : context(std::move(of)), peer(std::move(with)), connection(SSL_new(context->context.get())) {
  openssl::bio_ptr in(BIO_new(BIO_s_mem()));
  openssl::bio_ptr out(BIO_new(BIO_s_mem()));
  if (connection == nullptr || in == nullptr || out == nullptr) throw std::bad_alloc();
  incoming = in.release();
  outgoing = out.release();
  SSL_set_bio(connection.get(), incoming, outgoing);
}

void tls_session::engine::ask_for(std::string_view host) {
  const std::string name = canonical(host);
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(connection.get());
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // An empty name, or one that OpenSSL cannot take, would switch the check off.
  const bool usable = !name.empty() && name.find('\0') == std::string::npos;
  const bool is_ip = usable && os::endpoint::from_ip(host, 0).has_value();
  const bool taken =
      usable && (is_ip ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())
                       : X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) &&
                             SSL_set_tlsext_host_name(connection.get(), name.c_str())) == 1;
  if (!taken)
    throw std::invalid_argument("dwell: no host to make a TLS connection to: '" +
                                std::string(host) + "'");
}

// What an SSL function that did not succeed means.
tls_session::state tls_session::engine::take_answer(int returned, state when_ended) {
  const int kind = SSL_get_error(connection.get(), returned);
  if (kind == SSL_ERROR_WANT_READ) {
    if (!input_ended) return state::wants_input;
    throw unexpected_end("TLS with " + peer +
                         (open ? ": the connection ended without close_notify"
                               : ": the connection ended in the middle of the handshake"));
  }
  if (kind == SSL_ERROR_ZERO_RETURN && when_ended == state::ended) return state::ended;
  fail(kind);
  return state::failed;
}

void tls_session::engine::fail(int kind) {
  if (kind == SSL_ERROR_ZERO_RETURN) {
    failure.emplace(tls_cause::alert,
                    "TLS with " + peer + ": the peer sent close_notify in the handshake");
    return;
  }
  describe();
}

void tls_session::engine::describe() {
  const unsigned long error = cause_in_queue();
  const std::string with = "TLS with " + peer;
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long why = SSL_get_verify_result(connection.get());
    failure.emplace(tls_cause::certificate,
                    with + ": the certificate is refused: " + X509_verify_cert_error_string(why));
  } else if (reason >= SSL_AD_REASON_OFFSET) {
    const char* const alert = SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET);
    failure.emplace(tls_cause::alert, with + ": the peer gave up with the alert '" + alert + "'");
  } else {
    const std::string hint = is_not_tls(reason) ? " (does the peer speak TLS?)" : "";
    const std::string why = error == 0 ? "" : openssl::reason_of(error);
    failure.emplace(tls_cause::protocol, with + after_colon(why) + hint);
  }
}

tls_session::tls_session(const tls_client_context& context, std::string_view host)
    : engine_(std::make_unique<engine>(context.state(), std::string(host))) {
  const openssl::error_scope errors;
  engine_->ask_for(host);
  SSL_set_connect_state(engine_->connection.get());
}

tls_session::tls_session(const tls_server_context& context)
    : engine_(std::make_unique<engine>(context.state(), "a client")) {
  SSL_set_accept_state(engine_->connection.get());
}

tls_session::tls_session(tls_session&&) noexcept = default;
tls_session& tls_session::operator=(tls_session&&) noexcept = default;
tls_session::~tls_session() = default;

tls_session::state tls_session::handshake() {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  if (engine_->failure) return state::failed;
  const int returned = SSL_do_handshake(engine_->connection.get());
  if (returned != 1) return engine_->take_answer(returned, state::failed);
  engine_->open = true;
  return state::done;
}

bool tls_session::peer_waits() const noexcept {
  const os::lock_guard alone(engine_->lock);
  SSL* const connection = engine_->connection.get();
  const bool only_tickets =
      engine_->open && SSL_is_server(connection) && SSL_version(connection) >= TLS1_3_VERSION;
  return !only_tickets;
}

tls_session::progress tls_session::read(bytes to) {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  DWELL_ASSERT(engine_->open, "a TLS session is read after its handshake");
  if (engine_->failure) return {state::failed};
  if (to.empty()) return {state::done};
  std::size_t count = 0;
  const int returned = SSL_read_ex(engine_->connection.get(), to.data(), to.size(), &count);
  if (returned == 1) return {state::done, count};
  return {engine_->take_answer(returned, state::ended)};
}

tls_session::progress tls_session::write(const_bytes from) {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  DWELL_ASSERT(engine_->open, "a TLS session is written to after its handshake");
  if (engine_->failure) return {state::failed};
  if (engine_->write_closed) throw error(EPIPE, "write to TLS with " + engine_->peer);
  if (from.empty()) return {state::done};
  std::size_t count = 0;
  const std::size_t wanted = std::min(from.size(), record_size);
  if (SSL_write_ex(engine_->connection.get(), from.data(), wanted, &count) == 1)
    return {state::done, count};
  // Memory takes everything, and without renegotiation a write needs no answer: it broke.
  engine_->describe();
  return {state::failed};
}

void tls_session::close_write() {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  DWELL_ASSERT(engine_->open, "a TLS session is closed after its handshake");
  if (engine_->failure || std::exchange(engine_->write_closed, true)) return;
  if (SSL_shutdown(engine_->connection.get()) < 0) engine_->describe();
}

void tls_session::feed(const_bytes ciphertext) {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  std::size_t count = 0;
  if (ciphertext.empty()) return;
  if (BIO_write_ex(engine_->incoming, ciphertext.data(), ciphertext.size(), &count) != 1)
    throw std::bad_alloc();
}

void tls_session::feed_end() noexcept {
  const os::lock_guard alone(engine_->lock);
  engine_->input_ended = true;
}

const_bytes tls_session::output() {
  const os::lock_guard alone(engine_->lock);
  const openssl::error_scope errors;
  engine& e = *engine_;
  if (e.sent == e.sending.size()) {
    e.sending.resize(e.produced());
    e.sent = 0;
    std::size_t count = 0;
    if (!e.sending.empty()) BIO_read_ex(e.outgoing, e.sending.data(), e.sending.size(), &count);
    DWELL_ASSERT(count == e.sending.size(), "memory gives all that it has");
  }
  return const_bytes(e.sending).subspan(e.sent);
}

void tls_session::consumed(std::size_t count) noexcept {
  const os::lock_guard alone(engine_->lock);
  DWELL_ASSERT(count <= engine_->sending.size() - engine_->sent, "what was shown was sent");
  engine_->sent += count;
}

bool tls_session::has_output() const noexcept {
  const os::lock_guard alone(engine_->lock);
  return engine_->sent != engine_->sending.size() || engine_->produced() != 0;
}

void tls_session::throw_failure() const {
  const os::lock_guard alone(engine_->lock);
  DWELL_ASSERT(engine_->failure.has_value(), "what failed has a reason");
  throw tls_error(*engine_->failure);
}

bool tls_session::is_open() const noexcept {
  const os::lock_guard alone(engine_->lock);
  return engine_->open;
}

std::string tls_session::alpn() const {
  const os::lock_guard alone(engine_->lock);
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(engine_->connection.get(), &name, &size);
  return std::string(reinterpret_cast<const char*>(name), size);
}

tls_version tls_session::version() const noexcept {
  const os::lock_guard alone(engine_->lock);
  return SSL_version(engine_->connection.get()) == TLS1_2_VERSION ? tls_version::tls_1_2
                                                                  : tls_version::tls_1_3;
}

std::string tls_session::server_name() const {
  const os::lock_guard alone(engine_->lock);
  const char* const name = SSL_get_servername(engine_->connection.get(), TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

}  // namespace dwell::inline v0::net
