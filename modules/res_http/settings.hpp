// http.conf
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/address.hpp"
#include "core/config/options.hpp"
#include "core/runtime/tls_options.hpp"

namespace jackfield::http {

struct Settings {
    bool enabled = false, static_files = false, status_page = true;
    SocketAddress address;  // without the port
    std::uint16_t port = 8088;
    TlsServerSettings tls;
    std::string prefix;  // "" or "/asterisk"
    std::string server_name = "Jackfield";
    std::string redirect_from, redirect_to;  // empty: none
    std::size_t session_limit = 100, address_limit = 50, header_limit = 16384, body_limit = 1048576;
    std::chrono::milliseconds inactivity{30000}, keep_alive{15000};
};

const Options<Settings>& general_options();
// Pure but for the certificates, which it reads: blocks, so in the pool.
Settings read_settings(const ConfigFile& file, Diagnostics& findings);

}  // namespace jackfield::http
