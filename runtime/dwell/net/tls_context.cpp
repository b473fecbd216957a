#include <openssl/pem.h>
#include <string_view>

#include <dwell/net/tls_context.hpp>
#include <dwell/net/tls_openssl.hpp>

namespace dwell::inline v0::net {

using openssl::bio_ptr;
using openssl::certificate_ptr;
using openssl::context_ptr;
using openssl::error_scope;
using openssl::key_ptr;

namespace {

// The first error is the cause; those after it say what could not be done because of it.
[[noreturn]] void refuse(const std::string& what) {
  const unsigned long error = ERR_peek_error();
  throw tls_context_error("TLS: " + what + (error == 0 ? "" : ": " + openssl::reason_of(error)));
}

// Some PEM, and what it is called in messages.
struct pem_source {
  std::string name;
  bio_ptr bio;
};

pem_source from_file(const std::string& path) {
  bio_ptr bio(BIO_new_file(path.c_str(), "r"));
  if (bio == nullptr) refuse("cannot read " + path);
  return {path, std::move(bio)};
}

pem_source from_text(std::string_view option, const std::string& pem) {
  bio_ptr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) throw std::bad_alloc();
  return {std::string(option), std::move(bio)};
}

pem_source from_either(std::string_view what, const std::string& path, const std::string& pem) {
  const std::string file_option = std::string(what) + "_file";
  const std::string pem_option = std::string(what) + "_pem";
  if (path.empty() == pem.empty())
    refuse("a server needs one of " + file_option + " and " + pem_option +
           (path.empty() ? ", and has none" : ", and has both"));
  return path.empty() ? from_text(pem_option, pem) : from_file(path);
}

// The next certificate, or null behind the last.
certificate_ptr next_certificate(const pem_source& from) {
  certificate_ptr next(PEM_read_bio_X509(from.bio.get(), nullptr, nullptr, nullptr));
  if (next != nullptr) return next;
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    refuse("a certificate in " + from.name + " is broken");
  ERR_clear_error();
  return nullptr;
}

// OpenSSL's own function would ask whoever sits at the terminal.
int note_password_wanted(char*, int, int, void* wanted) {
  *static_cast<bool*>(wanted) = true;
  return -1;
}

key_ptr read_key(const pem_source& from) {
  bool encrypted = false;
  key_ptr key(PEM_read_bio_PrivateKey(from.bio.get(), nullptr, &note_password_wanted, &encrypted));
  if (encrypted) refuse("the key in " + from.name + " is encrypted; `openssl pkey` decrypts it");
  if (key == nullptr) refuse("there is no readable key in " + from.name);
  return key;
}

void trust(SSL_CTX* context, const pem_source& from) {
  certificate_ptr root = next_certificate(from);
  if (root == nullptr) refuse("there is no certificate in " + from.name);
  for (; root != nullptr; root = next_certificate(from))
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get()) != 1)
      refuse("cannot trust a certificate in " + from.name);
}

void identify(SSL_CTX* context, const pem_source& certificates, const pem_source& key) {
  const certificate_ptr leaf = next_certificate(certificates);
  if (leaf == nullptr) refuse("there is no certificate in " + certificates.name);
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1)
    refuse("cannot use the certificate in " + certificates.name);
  while (const certificate_ptr next = next_certificate(certificates))
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1)
      refuse("cannot use a certificate in " + certificates.name);
  if (SSL_CTX_use_PrivateKey(context, read_key(key).get()) != 1)
    refuse("the key in " + key.name + " is not that of the certificate in " + certificates.name);
}

int number_of(tls_version version) noexcept {
  return version == tls_version::tls_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

context_ptr make_context(const SSL_METHOD* method, tls_version min, tls_version max) {
  if (min > max) refuse("min_version is above max_version");
  context_ptr made(SSL_CTX_new(method));
  if (made == nullptr) refuse("OpenSSL makes no context");
  SSL_CTX_set_min_proto_version(made.get(), number_of(min));
  SSL_CTX_set_max_proto_version(made.get(), number_of(max));
  // A renegotiation would make a read write, and a write read; nothing on the web uses it.
  SSL_CTX_set_options(made.get(), SSL_OP_NO_RENEGOTIATION);
  // An idle connection keeps none of OpenSSL's two buffers of a record each.
  SSL_CTX_set_mode(made.get(), SSL_MODE_RELEASE_BUFFERS);
  return made;
}

std::string to_wire(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& each : protocols) {
    if (each.empty() || each.size() > 255)
      refuse("the name of a protocol in alpn has 1 to 255 bytes, not " +
             std::to_string(each.size()));
    wire += static_cast<char>(each.size());
    wire += each;
  }
  return wire;
}

const unsigned char* unsigned_of(const std::string& wire) noexcept {
  return reinterpret_cast<const unsigned char*>(wire.data());
}

// Called in the middle of a handshake: the first of ours that the client offers.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void* state) {
  const std::string& ours = static_cast<const tls_context_state*>(state)->alpn;
  // The const_cast follows from OpenSSL's signature; it points into one of the two lists.
  const int found =
      SSL_select_next_proto(const_cast<unsigned char**>(chosen), chosen_size, unsigned_of(ours),
                            static_cast<unsigned>(ours.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<const tls_context_state> build(const tls_client_options& options) {
  const error_scope errors;
  auto state = std::make_shared<tls_context_state>();
  state->context = make_context(TLS_client_method(), options.min_version, options.max_version);
  SSL_CTX* const context = state->context.get();
  if (options.system_roots && SSL_CTX_set_default_verify_paths(context) != 1)
    refuse("cannot find the certificates that the system trusts");
  for (const std::string& path : options.ca_files) trust(context, from_file(path));
  if (!options.ca_pem.empty()) trust(context, from_text("ca_pem", options.ca_pem));
  state->verifies = !options.insecure_skip_verification;
  SSL_CTX_set_verify(context, state->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  state->alpn = to_wire(options.alpn);
  if (SSL_CTX_set_alpn_protos(context, unsigned_of(state->alpn),
                              static_cast<unsigned>(state->alpn.size())) != 0)
    throw std::bad_alloc();
  return state;
}

std::shared_ptr<const tls_context_state> build(const tls_server_options& options) {
  const error_scope errors;
  auto state = std::make_shared<tls_context_state>();
  state->context = make_context(TLS_server_method(), options.min_version, options.max_version);
  SSL_CTX* const context = state->context.get();
  const pem_source certificates =
      from_either("certificate", options.certificate_file, options.certificate_pem);
  const pem_source key = from_either("key", options.key_file, options.key_pem);
  identify(context, certificates, key);
  state->alpn = to_wire(options.alpn);
  if (!state->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, &choose_protocol, state.get());
  return state;
}

}  // namespace

tls_client_context::tls_client_context() : tls_client_context(tls_client_options()) {}
tls_client_context::tls_client_context(const tls_client_options& options)
    : state_(build(options)) {}

tls_server_context::tls_server_context(const tls_server_options& options)
    : state_(build(options)) {}

}  // namespace dwell::inline v0::net
