// What is wrong in configuration files.
#include "core/config/diagnostics.hpp"

#include "core/base/log.hpp"

namespace jackfield {
namespace {

std::string place_of(std::string_view file, std::uint32_t line) {
    return line ? fmt::format("{}:{}", file, line) : std::string(file);
}

}  // namespace

std::string ConfigPlace::to_string() const { return file ? place_of(*file, line) : std::string("configuration"); }

std::string Diagnostic::to_string() const {
    static constexpr std::string_view words[] = {"notice", "warning", "error"};
    return fmt::format("{}: {}: {}", place_of(file, line), words[static_cast<int>(severity)], text);
}

void Diagnostics::add(Severity severity, const ConfigPlace& place, std::string text) {
    add(Diagnostic{place.file ? *place.file : std::string("configuration"), place.line, severity, std::move(text)});
}

void Diagnostics::add(Diagnostic diagnostic) {
    errors_ += diagnostic.severity == Severity::error;
    warnings_ += diagnostic.severity == Severity::warning;
    if (list_.size() < most_kept)
        list_.push_back(std::move(diagnostic));
    else
        ++dropped_;
}

void Diagnostics::append(const Diagnostics& other) {
    const auto errors = errors_ + other.errors_, warnings = warnings_ + other.warnings_;
    for (const auto& diagnostic : other.list_) add(diagnostic);
    errors_ = errors;  // also those that the other list did not keep
    warnings_ = warnings;
    dropped_ += other.dropped_;
}

std::string Diagnostics::to_string() const {
    std::string text;
    for (const auto& diagnostic : list_) text += diagnostic.to_string() + '\n';
    if (dropped_) text += fmt::format("... and {} more\n", dropped_);
    return text;
}

void Diagnostics::log() const {
    for (const auto& diagnostic : list_) {
        const auto place = place_of(diagnostic.file, diagnostic.line);
        switch (diagnostic.severity) {
            case Severity::notice: log_notice("{}: {}", place, diagnostic.text); break;
            case Severity::warning: log_warning("{}: {}", place, diagnostic.text); break;
            case Severity::error: log_error("{}: {}", place, diagnostic.text); break;
        }
    }
    if (dropped_) log_error("{} more findings in the configuration were left out", dropped_);
}

Result<void> Diagnostics::to_result() const {
    for (const auto& diagnostic : list_) {
        if (diagnostic.severity != Severity::error) continue;
        if (errors_ == 1) return fail(ErrorCode::invalid, "{}", diagnostic.to_string());
        return fail(ErrorCode::invalid, "{} (and {} more errors)", diagnostic.to_string(), errors_ - 1);
    }
    if (errors_) return fail(ErrorCode::invalid, "the configuration has {} errors", errors_);
    return {};
}

}  // namespace jackfield
