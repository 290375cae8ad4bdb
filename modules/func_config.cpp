// func_config: AST_CONFIG, values of configuration files.
#include "core/config/file_source.hpp"
#include "core/config/parser.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo info{.name = "AST_CONFIG",
                            .syntax = "AST_CONFIG(config_file,category,variable_name[,index])",
                            .synopsis = "A value of a configuration file",
                            .text = "The file is read anew each time, from the configuration folder. When a name stands there several times, "
                                    "the index chooses: counted from 0 (the default), -1 is the last one.",
                            .dangerous = true};

Result<std::string> read_value(const std::string& folder, const std::string& file, const std::string& category,
                               const std::string& name, int index) {
    Diagnostics findings;
    const DiskFiles files;
    ParseOptions options;
    options.folder = folder;
    const ConfigFile config = parse_config(file, files, options, findings);
    if (!config.exists()) return fail(ErrorCode::not_found, "AST_CONFIG: there is no file {}", file);
    const ConfigCategory* section = config.find(category);
    if (!section) return fail(ErrorCode::not_found, "AST_CONFIG: {} has no section [{}]", file, category);
    const auto values = section->values(name);
    const auto place = index < 0 ? static_cast<std::ptrdiff_t>(values.size()) + index : index;
    if (place < 0 || place >= static_cast<std::ptrdiff_t>(values.size()))
        return fail(ErrorCode::not_found, "AST_CONFIG: [{}] of {} has no {} at place {}", category, file, name, index);
    return std::string(values[static_cast<std::size_t>(place)]);
}

Result<std::string> config_value(Channel*, const Arguments& arguments) {
    if (!arguments.has(0) || !arguments.has(1) || !arguments.has(2))
        return fail(ErrorCode::invalid, "AST_CONFIG needs a file, a section and a name");
    const auto index = arguments.has(3) ? parse_number<int>(trim(arguments[3])) : 0;
    if (!index) return fail(ErrorCode::invalid, "AST_CONFIG: '{}' is no index", arguments[3]);
    return offload([folder = constant_variable("ASTETCDIR").value_or(""), file = std::string(arguments[0]),
                    category = std::string(arguments[1]), name = std::string(arguments[2]), index = *index] {
        return read_value(folder, file, category, name, index);
    });
}

Result<void> load(Module& module) { return module.add(info, FunctionBody{config_value}); }

}  // namespace

JACKFIELD_MODULE("func_config", "Values of configuration files", load)
