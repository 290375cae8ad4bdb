// Reads .conf files in Asterisk's syntax: sections, templates, includes. Pure apart from its FileSource; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/file_source.hpp"
#include "core/config/lexer.hpp"

namespace jackfield {

// One "key = value". The views live as long as the ConfigFile.
struct ConfigEntry {
    std::string_view key, value;
    const std::string* file = nullptr;
    std::uint32_t line = 0;
    ConfigOperator op = ConfigOperator::assign;  // append is resolved already: the value is the whole text
    bool inherited = false;                      // came from a template
    ConfigPlace place() const { return {file, line}; }
};

// One [section], its inherited entries first. Sections of the same name stay apart, as pjsip.conf needs.
class ConfigCategory {
  public:
    std::string_view name() const { return name_; }
    bool is_template() const { return template_; }
    std::span<const ConfigEntry> entries() const { return entries_; }
    // Names of the sections inherited from, in order.
    std::span<const std::string_view> bases() const { return bases_; }
    ConfigPlace place() const { return {file_, line_}; }

    // The last value of a key (later lines override, letter case aside), or nothing.
    std::optional<std::string_view> value(std::string_view key) const;
    const ConfigEntry* find(std::string_view key) const;  // the entry of that value, or null
    std::vector<std::string_view> values(std::string_view key) const;  // all of them in order

  private:
    friend class ConfigParser;
    friend class ConfigFile;
    std::string_view name_;
    const std::string* file_ = nullptr;
    std::uint32_t line_ = 0;
    std::uint32_t next_same_ = 0;  // index of the next section of this name; 0: none
    bool template_ = false;
    std::span<const ConfigEntry> entries_;
    std::span<const std::string_view> bases_;
};

// A whole configuration with everything that it includes. Immutable after parsing; movable; owns all its text.
class ConfigFile {
  public:
    ConfigFile();
    ConfigFile(ConfigFile&&) noexcept;
    ConfigFile& operator=(ConfigFile&&) noexcept;
    ~ConfigFile();

    // False when the file wasn't there (and then it is empty).
    bool exists() const { return exists_; }
    const std::string& path() const { return path_; }
    // In file order, templates among them.
    const std::vector<ConfigCategory>& categories() const { return categories_; }
    // The first section of the name that is no template (letter case aside), or null.
    const ConfigCategory* find(std::string_view name) const;
    // All sections of the name that are no templates, in order.
    std::vector<const ConfigCategory*> find_all(std::string_view name) const;
    // A value of the first such section, e.g. value("general", "port").
    std::optional<std::string_view> value(std::string_view category, std::string_view key) const;
    // The place of the file as a whole, for findings that belong to no line.
    ConfigPlace place() const { return {&path_, 0}; }

    // What was read, to see later whether anything changed.
    struct Source {
        std::string path;
        FileStamp stamp;
        std::uint64_t hash = 0;
        bool missing = false;  // tried and not there (#tryinclude)
    };
    struct Pattern {
        std::string pattern;
        std::vector<std::string> found;
    };
    const std::vector<Source>& sources() const { return sources_; }
    const std::vector<Pattern>& patterns() const { return patterns_; }
    bool used_exec() const { return used_exec_; }

  private:
    friend class ConfigParser;
    struct Store;
    std::unique_ptr<Store> store_;  // texts and entries
    bool exists_ = false, used_exec_ = false;
    std::string path_;
    std::vector<ConfigCategory> categories_;
    struct Named {
        std::uint32_t first = 0, last = 0;  // sections of the name, chained by next_same_
    };
    std::unordered_map<std::string_view, Named, CaseInsensitiveHash, CaseInsensitiveEqual> names_;
    std::vector<Source> sources_;
    std::vector<Pattern> patterns_;
};

struct ParseOptions {
    std::string folder;  // astetcdir: what relative names start from, also in included files
    // Runs the command of #exec and gives its output; called on the parsing thread and may block it. Empty: #exec is an
    // error (execincludes = no).
    std::function<Result<std::string>(const std::string& command)> exec;
    unsigned include_depth = 32;
    std::size_t file_bytes = 64 * 1024 * 1024;    // of one file
    std::size_t total_bytes = 256 * 1024 * 1024;  // of all files
    std::size_t entries = 8'000'000;              // sections, and settings after inheritance
};

// Reads a file and all that it includes. `name` is relative to options.folder, or absolute. A missing file gives an
// empty ConfigFile whose exists() is false and no finding: the caller knows whether that matters. Never throws for what
// stands in the files; after errors the tree has what could be read.
ConfigFile parse_config(const std::string& name, const FileSource& files, const ParseOptions& options,
                        Diagnostics& findings);
// Parses a text, e.g. of a database or a test. Its includes go through `files`.
ConfigFile parse_config_text(const std::string& name, std::string text, const FileSource& files,
                             const ParseOptions& options, Diagnostics& findings);

}  // namespace jackfield
