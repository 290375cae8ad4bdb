// jackfield.conf: what the daemon is told before anything else.
#include "core/config/daemon_settings.hpp"

#include <unistd.h>

#include <array>
#include <charconv>

namespace jackfield {
namespace {

using namespace std::chrono_literals;

Result<void> read_permissions(ControlSocketSettings& settings, std::string_view value, const ConfigEntry&) {
    unsigned mode = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), mode, 8);
    if (error != std::errc{} || end != value.data() + value.size() || mode > 0777)
        return fail(ErrorCode::invalid, "expected permissions in octal, such as 0660, not \"{}\"", value.substr(0, 40));
    settings.permissions = mode;
    return {};
}

// verbose and debug: a number, or yes for 1 and no for 0, as the command line's -v counts.
template <unsigned DaemonOptions::*member>
Result<void> read_level(DaemonOptions& settings, std::string_view value, const ConfigEntry&) {
    const auto number = parse_number<unsigned>(value);
    const auto word = parse_bool(value);
    if (number ? *number > 255 : !word)
        return fail(ErrorCode::invalid, "expected a level from 0 to 255, not \"{}\"", value.substr(0, 40));
    settings.*member = number ? *number : (*word ? 1 : 0);
    return {};
}

template <unsigned DaemonOptions::*member>
Option<DaemonOptions> level(std::string_view name, std::string_view text) {
    return {name, read_level<member>, "0", text,
            [](const DaemonOptions& now) { return fmt::format("{}", now.*member); }};
}

Result<void> read_entity_id(DaemonOptions& settings, std::string_view value, const ConfigEntry&) {
    const auto parts = split(value, ':');
    bool good = parts.size() == 6;
    for (const auto part : parts) good = good && part.size() == 2 && part.find_first_not_of("0123456789abcdefABCDEF") == part.npos;
    if (!good) return fail(ErrorCode::invalid, "expected six bytes such as 00:11:22:33:44:55, not \"{}\"", value.substr(0, 40));
    settings.entity_id = to_lower(value);
    return {};
}

void make_absolute(std::string& path, const std::string& base) {
    if (!path.empty() && !path.starts_with('/') && !base.empty()) path = base + '/' + path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
}

}  // namespace

std::string DaemonOptions::effective_system_name() const {
    if (!system_name.empty() || !auto_system_name) return system_name;
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] ? name.data() : "localhost";
}

DirectorySettings default_directories(const std::string& prefix) {
    DirectorySettings all;
    all.etc = prefix + "/etc/jackfield";
    all.modules = prefix + "/usr/lib/jackfield/modules";
    all.var_lib = all.database = all.keys = all.data = prefix + "/var/lib/jackfield";
    all.agi = all.data + "/agi-bin";
    all.spool = prefix + "/var/spool/jackfield";
    all.run = prefix + "/var/run/jackfield";
    all.log = prefix + "/var/log/jackfield";
    all.sbin = prefix + "/usr/sbin";
    all.cache = prefix + "/var/cache/jackfield";
    return all;
}

const Options<DirectorySettings>& directory_options() {
    using D = DirectorySettings;
    static const Options<D> options{
        {"astetcdir", &D::etc, "/etc/jackfield", "Configuration files"},
        {"astmoddir", &D::modules, "/usr/lib/jackfield/modules", "Loadable modules"},
        {"astvarlibdir", &D::var_lib, "/var/lib/jackfield", "Variable state"},
        {"astdbdir", &D::database, "/var/lib/jackfield", "The key/value database"},
        {"astkeydir", &D::keys, "/var/lib/jackfield", "Keys; they are in its folder keys"},
        {"astdatadir", &D::data, "/var/lib/jackfield", "Data that modules ship, sounds among them"},
        {"astagidir", &D::agi, "/var/lib/jackfield/agi-bin", "AGI programs"},
        {"astspooldir", &D::spool, "/var/spool/jackfield", "Voicemail, recordings, outgoing calls"},
        {"astrundir", &D::run, "/var/run/jackfield", "The console's socket and the process id"},
        {"astlogdir", &D::log, "/var/log/jackfield", "Log files"},
        {"astsbindir", &D::sbin, "/usr/sbin", "Programs"},
        {"astcachedir", &D::cache, "/var/cache/jackfield", "Files that can be fetched again"},
    };
    return options;
}

const Options<ControlSocketSettings>& control_socket_options() {
    using C = ControlSocketSettings;
    static const Options<C> options{
        {"astctl", &C::name, "jackfield.ctl", "Name of the console's socket in the run directory"},
        {"astctlpermissions", read_permissions, "0600", "Its permissions, in octal",
         [](const C& now) { return fmt::format("{:04o}", now.permissions); }},
        {"astctlowner", &C::owner, "", "Its owner"},
        {"astctlgroup", &C::group, "", "Its group; members may use the console if the permissions allow"},
    };
    return options;
}

const Options<DaemonOptions>& daemon_options() {
    using O = DaemonOptions;
    static const Options<O> options{
        level<&O::verbose>("verbose", "Level of verbose lines, as -v counts"),
        level<&O::debug>("debug", "Level of debug lines, as -d counts"),
        {"alwaysfork", &O::always_fork, false, "Go to the background even with verbose or debug set (-F)"},
        {"nofork", &O::no_fork, false, "Stay in the foreground (-f)"},
        {"quiet", &O::quiet, false, "Say nothing on start (-q)"},
        {"console", &O::console, false, "Run with a console (-c)"},
        {"timestamp", &O::time_stamps, false, "Print the time before each line of the console (-T)"},
        {"nocolor", &O::no_colour, false, "No colours on the console (-n)"},
        {"lightbackground", &O::light_background, false, "Colours for a light terminal (-W)"},
        {"forceblackbackground", &O::force_black_background, false, "Make the terminal's background black (-B)"},
        {"execincludes", &O::exec_includes, false, "Allow #exec in configuration files (-X)"},
        {"highpriority", &O::high_priority, false, "Media threads run with real-time priority (-p)"},
        {"dumpcore", &O::dump_core, false, "Write a core file when the daemon crashes (-g)"},
        {"dontwarn", &O::dont_warn, false, "Leave out warnings about outdated usage"},
        {"hideconnect", &O::hide_connect, false, "Don't tell when a remote console connects"},
        {"lockconfdir", &O::lock_configuration, false, "Lock the configuration folder while writing files in it"},
        {"systemname", &O::system_name, "", "Put before every unique id, to tell systems apart"},
        {"autosystemname", &O::auto_system_name, false, "Use the host's name as systemname"},
        {"runuser", &O::run_user, "", "User to run as (-U)"},
        {"rungroup", &O::run_group, "", "Group to run as (-G)"},
        {"maxcalls", &O::max_calls, 0, Range<std::uint32_t>{0, 10'000'000}, "Most calls at a time; 0: no limit"},
        {"maxload", &O::max_load, 0.0, Range<double>{0, 10'000}, "Load average above which new calls are refused; 0: none"},
        {"maxfiles", &O::max_files, 0, Range<std::uint32_t>{0, 100'000'000}, "Most open files; 0: as the system allows"},
        {"minmemfree", &O::min_free_memory, 0, Range<std::uint32_t>{0, 100'000'000},
         "MiB of free memory below which new calls are refused; 0: none"},
        {"defaultlanguage", &O::default_language, "en", "Language of prompts when nobody says another"},
        {"documentation_language", &O::documentation_language, "en_US", "Language of help texts"},
        {"languageprefix", &O::language_prefix, true, "Prompts lie in sounds/LANGUAGE/ and not beside the others"},
        {"transmit_silence", &O::transmit_silence, false, "Send silence while a call waits, records or plays digits"},
        {"test_events", &O::test_events, false, "Tell manager clients of the class test of state changes that scenario tests wait for"},
        {"mindtmfduration", &O::shortest_digit, 80ms, Range{0ms, 5000ms}, "Shorter digits are made this long"},
        {"live_dangerously", &O::live_dangerously, false,
         "Let AMI, ARI and other outsiders use functions such as SHELL and FILE"},
        {"cache_record_files", &O::cache_recordings, false, "Record into record_cache_dir first"},
        {"record_cache_dir", &O::recording_cache, "/tmp", "Folder for cache_record_files"},
        {"sounds_search_custom_dir", &O::search_custom_sounds, false, "Look for prompts in sounds/custom first"},
        {"hide_messaging_ami_events", &O::hide_messaging_events, false, "No AMI and ARI events of message channels"},
        {"rtp_use_dynamic", &O::rtp_dynamic_types, true, "Assign dynamic RTP payload types per session"},
        {"rtp_pt_dynamic", &O::first_dynamic_type, 35, Range{35, 127}, "First dynamic RTP payload type beyond 96-127"},
        {"entityid", read_entity_id, "", "Six bytes that name this system to its peers, such as 00:11:22:33:44:55",
         [](const O& now) { return now.entity_id; }},
        Option<O>::alias("dumpcores", "dumpcore"),
        Option<O>::ignored("initcrypto", "keys that need a passphrase are asked for when they are used"),
        Option<O>::ignored("internal_timing", "playback always has its own clock"),
        Option<O>::ignored("transcode_via_sln", "translation paths are chosen by cost and quality"),
        Option<O>::ignored("cache_media_frames", "frames come from a pool of each media thread"),
        Option<O>::ignored("refdebug", "objects are not reference counted by hand here; \"module show\" has use counts"),
        Option<O>::ignored("trace", "\"core set debug\" per module takes its place"),
        Option<O>::ignored("phreaky", "it has had no effect for a long time"),
        Option<O>::ignored("cache_rtp_frames", "frames come from a pool of each media thread"),
        Option<O>::ignored("stdexten", "write Gosub() to your stdexten context in extensions.conf"),
        Option<O>::ignored("vmlist", "it has had no effect for a long time"),
    };
    return options;
}

DaemonSettings read_daemon_settings(const ConfigFile& file, const DirectorySettings& defaults, const std::string& base,
                                    Diagnostics& findings) {
    DaemonSettings settings;
    settings.socket = control_socket_options().defaults();
    settings.options = daemon_options().defaults();
    settings.directories = defaults;
    for (const auto& category : file.categories()) {
        if (equals_ignoring_case(category.name(), "directories"))
            directory_options().apply(category, settings.directories, findings);
        else if (category.is_template())
            continue;
        else if (equals_ignoring_case(category.name(), "options"))
            daemon_options().apply(category, settings.options, findings);
        else if (equals_ignoring_case(category.name(), "files"))
            control_socket_options().apply(category, settings.socket, findings);
        else if (equals_ignoring_case(category.name(), "compat"))
            findings.notice(category.place(), "[compat] is ignored: there is only the present behaviour");
        else
            unknown_section(category, {"directories", "options", "files"}, findings);
    }
    auto& all = settings.directories;
    // What follows the data and state folders follows them also when only those were moved.
    const auto written = [&](std::string_view key) {
        for (const auto& category : file.categories())
            if (equals_ignoring_case(category.name(), "directories") && category.find(key)) return true;
        return false;
    };
    if (written("astvarlibdir")) {
        if (!written("astdbdir")) all.database = all.var_lib;
        if (!written("astkeydir")) all.keys = all.var_lib;
        if (!written("astdatadir")) all.data = all.var_lib;
    }
    if ((written("astdatadir") || written("astvarlibdir")) && !written("astagidir")) all.agi = all.data + "/agi-bin";
    for (auto* path : {&all.etc, &all.modules, &all.var_lib, &all.database, &all.keys, &all.data, &all.agi, &all.spool,
                       &all.run, &all.log, &all.sbin, &all.cache})
        make_absolute(*path, base);
    return settings;
}

}  // namespace jackfield
