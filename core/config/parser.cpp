// Reads .conf files in Asterisk's syntax: sections, templates, includes.
#include "core/config/parser.hpp"

#include <algorithm>
#include <cstring>
#include <memory_resource>

namespace jackfield {

struct ConfigFile::Store {
    // Big chunks go back to the system when the tree is dropped after a reload.
    std::pmr::monotonic_buffer_resource arena{256 * 1024};
    std::deque<std::string> texts;  // deques: views into elements must survive growth
    std::deque<std::string> names;
};

std::optional<std::string_view> ConfigCategory::value(std::string_view key) const {
    if (const auto* entry = find(key)) return entry->value;
    return {};
}

const ConfigEntry* ConfigCategory::find(std::string_view key) const {
    for (std::size_t i = entries_.size(); i-- > 0;)
        if (equals_ignoring_case(entries_[i].key, key)) return &entries_[i];
    return nullptr;
}

std::vector<std::string_view> ConfigCategory::values(std::string_view key) const {
    std::vector<std::string_view> values;
    for (const auto& entry : entries_)
        if (equals_ignoring_case(entry.key, key)) values.push_back(entry.value);
    return values;
}

ConfigFile::ConfigFile() : store_(std::make_unique<Store>()) {}
ConfigFile::ConfigFile(ConfigFile&&) noexcept = default;
ConfigFile& ConfigFile::operator=(ConfigFile&&) noexcept = default;
ConfigFile::~ConfigFile() = default;

const ConfigCategory* ConfigFile::find(std::string_view name) const {
    const auto named = names_.find(name);
    if (named == names_.end()) return nullptr;
    for (auto i = named->second.first;; i = categories_[i].next_same_) {
        if (!categories_[i].is_template()) return &categories_[i];
        if (categories_[i].next_same_ == 0) return nullptr;
    }
}

std::vector<const ConfigCategory*> ConfigFile::find_all(std::string_view name) const {
    std::vector<const ConfigCategory*> found;
    const auto named = names_.find(name);
    if (named == names_.end()) return found;
    for (auto i = named->second.first;; i = categories_[i].next_same_) {
        if (!categories_[i].is_template()) found.push_back(&categories_[i]);
        if (categories_[i].next_same_ == 0) return found;
    }
}

std::optional<std::string_view> ConfigFile::value(std::string_view category, std::string_view key) const {
    const auto* found = find(category);
    return found ? found->value(key) : std::nullopt;
}

// Dialplans that are programs: they belong to transactions as .conf files do, in a syntax of their own.
bool is_program(std::string_view name) { return name.ends_with(".ael") || name.ends_with(".lua"); }

// One run over a file and its includes. What is open while reading: the section that settings go to.
class ConfigParser {
  public:
    ConfigParser(ConfigFile& file, const FileSource& files, const ParseOptions& options, Diagnostics& findings)
        : file_(file), store_(*file.store_), files_(files), options_(options), findings_(findings) {}

    void parse_file(const std::string& name);
    void parse_named_text(const std::string& name, std::string text);

  private:
    static constexpr std::uint32_t none = 0xffffffff;

    void read_lines(std::string_view text, const std::string* name);
    void remember_includes(std::string_view text);
    void directive(const ConfigLine& line, const ConfigPlace& place);
    void include(std::string_view target, bool must_exist, const ConfigPlace& place);
    void include_file(const std::string& path, bool must_exist, const ConfigPlace& place);
    void execute(std::string_view command, const ConfigPlace& place);
    void open_section(const ConfigLine& line, const ConfigPlace& place);
    void begin_category(std::string_view name, const ConfigPlace& place);
    void reopen_category(std::string_view name, std::string_view filter, const ConfigPlace& place);
    void inherit(std::uint32_t base);
    void close_category();
    void setting(const ConfigLine& line, const ConfigPlace& place);
    void append_text(ConfigEntry& entry, std::string_view addition);
    std::uint32_t find(std::string_view name) const;
    bool passes(const ConfigCategory& category, std::string_view filter) const;
    std::string hint(std::string_view name);

    bool charge(std::size_t entries, const ConfigPlace& place);
    bool charge_bytes(std::size_t bytes, const ConfigPlace& place);
    std::string full_path(std::string_view name) const;
    const std::string* keep_name(const std::string& path);
    template <class T>
    std::span<const T> keep(std::span<const T> items);

    ConfigFile& file_;
    ConfigFile::Store& store_;
    const FileSource& files_;
    const ParseOptions& options_;
    Diagnostics& findings_;
    std::uint32_t current_ = none;
    std::vector<ConfigEntry> entries_;           // of the current section
    std::vector<std::string_view> bases_;        // of the current section
    std::vector<std::string> include_stack_;
    std::size_t used_entries_ = 0, used_bytes_ = 0;
    unsigned hints_ = 0;
    bool seen_header_ = false;
    bool stopped_ = false;  // a limit was passed: one finding, then silence
};

void ConfigParser::parse_file(const std::string& name) {
    file_.path_ = name;
    const auto path = full_path(name);
    auto content = files_.read(path, options_.file_bytes);
    if (!content && content.error().code == ErrorCode::not_found) {
        file_.sources_.push_back({path, {}, 0, true});
        return;
    }
    file_.exists_ = true;
    if (!content) return findings_.error({keep_name(path), 0}, "{}", content.error().text);
    file_.sources_.push_back({path, content->stamp, std::hash<std::string_view>{}(content->text), false});
    include_stack_.push_back(path);
    if (is_program(name)) return remember_includes(content->text);
    if (charge_bytes(content->text.size(), {keep_name(path), 0}))
        read_lines(store_.texts.emplace_back(std::move(content->text)), keep_name(path));
    close_category();
}

// A program's text is its own reader's; here it only counts whether it, or a file that it includes, has changed.
void ConfigParser::remember_includes(std::string_view text) {
    for (std::string_view line : split(text, '\n')) {
        line = trim(line);
        constexpr std::string_view word = "#include";
        if (!line.starts_with(word) || include_stack_.size() > options_.include_depth) continue;
        line = trim(line.substr(word.size()));
        if (line.size() < 3 || (line.front() != '"' && line.front() != '<')) continue;
        const auto end = line.find(line.front() == '"' ? '"' : '>', 1);
        const std::string path = full_path(line.substr(1, end == std::string_view::npos ? end : end - 1));
        const auto known = [&](const ConfigFile::Source& source) { return source.path == path; };
        if (std::ranges::any_of(file_.sources_, known)) continue;
        auto content = files_.read(path, options_.file_bytes);
        file_.sources_.push_back(content ? ConfigFile::Source{path, content->stamp, std::hash<std::string_view>{}(content->text), false}
                                         : ConfigFile::Source{path, {}, 0, true});
        if (!content) continue;
        include_stack_.push_back(path);
        remember_includes(content->text);
        include_stack_.pop_back();
    }
}

void ConfigParser::parse_named_text(const std::string& name, std::string text) {
    file_.path_ = name;
    file_.exists_ = true;
    include_stack_.push_back(full_path(name));
    const auto* const kept = keep_name(name);
    if (charge_bytes(text.size(), {kept, 0})) read_lines(store_.texts.emplace_back(std::move(text)), kept);
    close_category();
}

void ConfigParser::read_lines(std::string_view text, const std::string* name) {
    ConfigLexer lexer(text, &store_.arena);
    ConfigLine line;
    while (!stopped_ && lexer.next(line)) {
        const ConfigPlace place{name, line.number};
        switch (line.kind) {
            case ConfigLine::Kind::blank: break;
            case ConfigLine::Kind::section: open_section(line, place); break;
            case ConfigLine::Kind::setting: setting(line, place); break;
            case ConfigLine::Kind::directive: directive(line, place); break;
            case ConfigLine::Kind::malformed: findings_.error(place, "{}", line.problem); break;
        }
    }
    if (lexer.open_comment())
        findings_.error({name, lexer.open_comment()}, "the comment that begins here with ;-- is never closed by --;");
}

void ConfigParser::directive(const ConfigLine& line, const ConfigPlace& place) {
    auto value = line.value;
    if (value.size() >= 2 && ((value.front() == '"' && value.back() == '"') || (value.front() == '<' && value.back() == '>')))
        value = value.substr(1, value.size() - 2);
    const bool known = equals_ignoring_case(line.name, "include") || equals_ignoring_case(line.name, "tryinclude") ||
                       equals_ignoring_case(line.name, "exec");
    if (!known)
        return findings_.error(place, "unknown directive #{}: there are #include, #tryinclude and #exec; comments begin with ;",
                               line.name);
    if (value.empty()) return findings_.error(place, "#{} needs a name after it", line.name);
    if (equals_ignoring_case(line.name, "exec")) return execute(value, place);
    include(value, equals_ignoring_case(line.name, "include"), place);
}

void ConfigParser::include(std::string_view target, bool must_exist, const ConfigPlace& place) {
    if (include_stack_.size() >= options_.include_depth)
        return findings_.error(place, "includes are nested more than {} deep", options_.include_depth);
    const auto path = full_path(target);
    if (target.find_first_of("*?[") == target.npos) return include_file(path, must_exist, place);
    auto found = files_.expand(path);
    file_.patterns_.push_back({path, found});
    if (found.empty() && must_exist)
        return findings_.error(place, "no file matches {}; write #tryinclude if there need not be one", path);
    for (const auto& each : found) include_file(each, must_exist, place);
}

void ConfigParser::include_file(const std::string& path, bool must_exist, const ConfigPlace& place) {
    if (std::ranges::find(include_stack_, path) != include_stack_.end())
        return findings_.error(place, "{} includes itself", path);
    auto content = files_.read(path, options_.file_bytes);
    if (!content) {
        const bool missing = content.error().code == ErrorCode::not_found;
        file_.sources_.push_back({path, {}, 0, true});
        if (missing && !must_exist) return;
        return findings_.error(place, "{}{}", content.error().text,
                               missing ? "; write #tryinclude if it need not be there" : "");
    }
    // An empty file costs something too, or files that include each other twice would never end.
    if (!charge_bytes(content->text.size() + 1024, place)) return;
    file_.sources_.push_back({path, content->stamp, std::hash<std::string_view>{}(content->text), false});
    include_stack_.push_back(path);
    read_lines(store_.texts.emplace_back(std::move(content->text)), keep_name(path));
    include_stack_.pop_back();
}

void ConfigParser::execute(std::string_view command, const ConfigPlace& place) {
    file_.used_exec_ = true;
    if (!options_.exec)
        return findings_.error(place, "#exec is not allowed: set execincludes = yes in [options] of jackfield.conf");
    if (include_stack_.size() >= options_.include_depth)
        return findings_.error(place, "includes are nested more than {} deep", options_.include_depth);
    auto output = options_.exec(std::string(command));
    if (!output) return findings_.error(place, "#exec {}: {}", command, output.error().text);
    if (!charge_bytes(output->size() + 1024, place)) return;
    include_stack_.emplace_back();
    read_lines(store_.texts.emplace_back(std::move(*output)), &store_.names.emplace_back("#exec " + std::string(command)));
    include_stack_.pop_back();
}

void ConfigParser::open_section(const ConfigLine& line, const ConfigPlace& place) {
    close_category();
    seen_header_ = true;
    if (line.name.empty()) return findings_.error(place, "the section has no name");
    bool is_template = false;
    std::optional<std::string_view> addition;  // the filter after +
    std::vector<std::string_view> bases;
    for (const auto word : split_list(line.value)) {
        if (word == "!")
            is_template = true;
        else if (word.starts_with('+'))
            addition = word.substr(1);
        else
            bases.push_back(word);
    }
    if (addition)
        reopen_category(line.name, *addition, place);
    else
        begin_category(line.name, place);
    if (current_ == none) return;
    if (is_template) file_.categories_[current_].template_ = true;
    for (const auto base : bases) {
        const auto found = find(base);
        if (found == none || found == current_) {
            findings_.error(place, "no section [{}] to inherit from stands above{}", base, hint(base));
            continue;
        }
        if (!charge(file_.categories_[found].entries_.size() + 1, place)) return;
        inherit(found);
        bases_.push_back(base);
    }
}

void ConfigParser::begin_category(std::string_view name, const ConfigPlace& place) {
    if (!charge(2, place)) return;
    current_ = static_cast<std::uint32_t>(file_.categories_.size());
    auto& category = file_.categories_.emplace_back();
    category.name_ = name;
    category.file_ = place.file;
    category.line_ = place.line;
    const auto [named, added] = file_.names_.try_emplace(name, ConfigFile::Named{current_, current_});
    if (!added) {
        file_.categories_[named->second.last].next_same_ = current_;
        named->second.last = current_;
    }
}

void ConfigParser::reopen_category(std::string_view name, std::string_view filter, const ConfigPlace& place) {
    for (auto i = find(name); i != none; i = file_.categories_[i].next_same_ ? file_.categories_[i].next_same_ : none) {
        const auto& category = file_.categories_[i];
        if (!passes(category, filter)) continue;
        if (!charge(category.entries_.size() + 1, place)) return;
        current_ = i;
        entries_.assign(category.entries_.begin(), category.entries_.end());
        bases_.assign(category.bases_.begin(), category.bases_.end());
        return;
    }
    findings_.error(place, "no section [{}]{}{} stands above to add to{}", name, filter.empty() ? "" : " with ", filter,
                    filter.empty() ? hint(name) : std::string());
}

// "+type=endpoint&context=in": each must be among the section's settings.
bool ConfigParser::passes(const ConfigCategory& category, std::string_view filter) const {
    for (const auto condition : split_list(filter, '&')) {
        const auto [key, value, found] = split_once(condition, '=');
        const auto* entry = category.find(trim(key));
        if (!entry || (found && entry->value != trim(value))) return false;
    }
    return true;
}

void ConfigParser::inherit(std::uint32_t base) {
    for (const auto& entry : file_.categories_[base].entries_) entries_.push_back(entry), entries_.back().inherited = true;
}

void ConfigParser::close_category() {
    if (current_ != none) {
        auto& category = file_.categories_[current_];
        if (category.entries_.size() != entries_.size() || !std::ranges::equal(category.entries_, entries_, [](auto& a, auto& b) {
                return a.value.data() == b.value.data() && a.value.size() == b.value.size();
            }))
            category.entries_ = keep(std::span<const ConfigEntry>(entries_));
        if (category.bases_.size() != bases_.size()) category.bases_ = keep(std::span<const std::string_view>(bases_));
    }
    current_ = none;
    entries_.clear();
    bases_.clear();
}

void ConfigParser::setting(const ConfigLine& line, const ConfigPlace& place) {
    if (current_ == none) {
        // After a section that could not be opened its settings have nowhere to go, and one finding is enough.
        if (!seen_header_) findings_.error(place, "the setting \"{}\" stands before any [section]", line.name);
        return;
    }
    if (!charge(1, place)) return;
    if (line.op == ConfigOperator::append) {
        for (std::size_t i = entries_.size(); i-- > 0;) {
            if (!equals_ignoring_case(entries_[i].key, line.name)) continue;
            append_text(entries_[i], line.value);
            entries_[i].file = place.file;
            entries_[i].line = place.line;
            return;
        }
    }
    entries_.push_back({line.name, trim(line.value), place.file, place.line,
                        line.op == ConfigOperator::arrow ? ConfigOperator::arrow : ConfigOperator::assign, false});
}

void ConfigParser::append_text(ConfigEntry& entry, std::string_view addition) {
    const auto size = entry.value.size() + addition.size();
    if (!charge_bytes(size, entry.place())) return;
    auto* const text = static_cast<char*>(store_.arena.allocate(size + 1, 1));
    std::ranges::copy(entry.value, text);
    std::ranges::copy(addition, text + entry.value.size());
    entry.value = trim(std::string_view(text, size));
}

std::uint32_t ConfigParser::find(std::string_view name) const {
    const auto found = file_.names_.find(name);
    return found == file_.names_.end() ? none : found->second.first;
}

std::string ConfigParser::hint(std::string_view name) {
    // Guessing costs a walk over all names: enough for a person, too dear for a thousand errors.
    if (++hints_ > 20) return {};
    std::vector<std::string> names;
    for (const auto& category : file_.categories_) {
        if (names.size() >= 20'000) break;
        names.emplace_back(category.name());
    }
    const auto near = nearest_word(name, names);
    return near && *near != name ? fmt::format("; did you mean [{}]?", *near) : std::string();
}

bool ConfigParser::charge(std::size_t entries, const ConfigPlace& place) {
    used_entries_ += entries;
    if (used_entries_ <= options_.entries) return true;
    if (!stopped_)
        findings_.error(place, "more than {} sections and settings, counting inherited ones: the rest was not read",
                        options_.entries);
    stopped_ = true;
    return false;
}

bool ConfigParser::charge_bytes(std::size_t bytes, const ConfigPlace& place) {
    used_bytes_ += bytes;
    if (used_bytes_ <= options_.total_bytes) return true;
    if (!stopped_)
        findings_.error(place, "more than {} bytes with all that is included: the rest was not read", options_.total_bytes);
    stopped_ = true;
    return false;
}

std::string ConfigParser::full_path(std::string_view name) const {
    if (name.starts_with('/') || options_.folder.empty()) return std::string(name);
    return options_.folder + '/' + std::string(name);
}

// Findings name files as the administrator does: relative to the configuration folder.
const std::string* ConfigParser::keep_name(const std::string& path) {
    std::string_view name = path;
    if (!options_.folder.empty() && name.starts_with(options_.folder + '/')) name.remove_prefix(options_.folder.size() + 1);
    if (store_.names.empty() || store_.names.back() != name) store_.names.emplace_back(name);
    return &store_.names.back();
}

template <class T>
std::span<const T> ConfigParser::keep(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    auto* const copy = static_cast<T*>(store_.arena.allocate(items.size_bytes(), alignof(T)));
    std::memcpy(static_cast<void*>(copy), items.data(), items.size_bytes());
    return {copy, items.size()};
}

ConfigFile parse_config(const std::string& name, const FileSource& files, const ParseOptions& options,
                        Diagnostics& findings) {
    ConfigFile file;
    ConfigParser(file, files, options, findings).parse_file(name);
    return file;
}

ConfigFile parse_config_text(const std::string& name, std::string text, const FileSource& files,
                             const ParseOptions& options, Diagnostics& findings) {
    ConfigFile file;
    ConfigParser(file, files, options, findings).parse_named_text(name, std::move(text));
    return file;
}

}  // namespace jackfield
