// SHARED, HASH and HASHKEYS: variables of other channels, and variables that are tables.
#include <map>

#include "core/sdk.hpp"

using namespace jackfield;

namespace {

constexpr FunctionInfo shared_info{.name = "SHARED",
                                   .syntax = "SHARED(variable[,channel])",
                                   .synopsis = "A variable that other channels can read and set",
                                   .text = "Of this channel, or of the channel named. They are apart from the ordinary variables."};
constexpr FunctionInfo hash_info{.name = "HASH",
                                 .syntax = "HASH(table[,key])",
                                 .synopsis = "A value of a table, to read and to set",
                                 .text = "Without a key: reading gives the values separated by commas, setting takes the values in the "
                                         "order of HASHKEYS."};
constexpr FunctionInfo keys_info{.name = "HASHKEYS",
                                 .syntax = "HASHKEYS(table)",
                                 .synopsis = "The keys of a table",
                                 .text = "Separated by commas, in order of the keys."};
constexpr ApplicationInfo clear_info{.name = "ClearHash",
                                     .syntax = "ClearHash(table)",
                                     .synopsis = "Empty a table made with HASH",
                                     .text = "All its keys are gone after that."};

struct SharedVariables {
    std::map<std::string, std::string, std::less<>> values;
};
struct Hashes {
    std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> tables;
};

Result<Channel*> target(Channel* channel, const Arguments& arguments) {
    if (arguments.has(1)) channel = find_channel(arguments[1]);
    if (!channel) return fail(ErrorCode::not_found, "SHARED: there is no channel '{}'", arguments[1]);
    return channel;
}

Result<std::string> read_shared(Channel* channel, const Arguments& arguments) {
    Channel* whose = JF_TRY(target(channel, arguments));
    const auto& values = whose->attachment<SharedVariables>().values;
    const auto found = values.find(arguments[0]);
    return found == values.end() ? "" : found->second;
}

Result<void> write_shared(Channel* channel, const Arguments& arguments, std::string_view value) {
    Channel* whose = JF_TRY(target(channel, arguments));
    whose->attachment<SharedVariables>().values[std::string(arguments[0])] = value;
    return {};
}

Result<std::string> read_hash(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "HASH needs a channel");
    const auto& table = channel->attachment<Hashes>().tables[std::string(arguments[0])];
    if (arguments.has(1)) {
        const auto found = table.find(arguments[1]);
        return found == table.end() ? "" : found->second;
    }
    std::string values;
    for (const auto& [key, value] : table) values += (values.empty() ? "" : ",") + value;
    return values;
}

Result<void> write_hash(Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "HASH needs a channel");
    auto& table = channel->attachment<Hashes>().tables[std::string(arguments[0])];
    if (arguments.has(1)) {
        table[std::string(arguments[1])] = value;
        return {};
    }
    const auto values = split_arguments(value);
    std::size_t place = 0;
    // REALTIME_HASH and its like say which columns their values are of.
    if (const std::string names = channel->variable("~ODBCFIELDS~"); !names.empty()) {
        table.clear();
        for (const auto name : split(names, ',')) table[std::string(name)] = place < values.size() ? values[place++] : std::string();
        channel->set_variable("~ODBCFIELDS~", "");
        return {};
    }
    for (auto& [key, old] : table)
        if (place < values.size()) old = values[place++];
    return {};
}

Result<std::string> read_keys(Channel* channel, const Arguments& arguments) {
    if (!channel) return fail(ErrorCode::invalid, "HASHKEYS needs a channel");
    std::string keys;
    for (const auto& [key, value] : channel->attachment<Hashes>().tables[std::string(arguments[0])])
        keys += (keys.empty() ? "" : ",") + key;
    return keys;
}

Result<void> clear(Channel& channel, const Arguments& arguments) {
    channel.attachment<Hashes>().tables.erase(std::string(arguments[0]));
    return {};
}

Result<void> load(Module& module) {
    JF_TRY(module.add(shared_info, FunctionBody{read_shared, write_shared}));
    JF_TRY(module.add(hash_info, FunctionBody{read_hash, write_hash}));
    JF_TRY(module.add(keys_info, FunctionBody{read_keys}));
    return module.add(clear_info, clear);
}

}  // namespace

JACKFIELD_MODULE("func_shared", "Shared variables and tables", load)
