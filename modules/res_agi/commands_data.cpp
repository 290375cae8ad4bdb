// Commands on the database and on variables.
#include "core/base/log.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/executor.hpp"
#include "core/module/database.hpp"
#include "modules/res_agi/commands.hpp"

namespace jackfield::agi {
namespace {

Result<Database*> database() {
    if (Database* found = Database::instance()) return found;
    return fail(ErrorCode::not_found, "there is no database");
}

// 1 when it went well; what did not is in the log.
Reply done(const Result<void>& outcome) {
    if (!outcome && outcome.error().code != ErrorCode::not_found) log_warning("AGI: database: {}", outcome.error().text);
    return result(outcome ? 1 : 0);
}

Result<Reply> database_get(Channel&, Words words) {
    const auto value = JF_TRY(database())->get(words[2], words[3]);
    return value ? in_parentheses(*value) : result(0);
}

Result<Reply> database_put(Channel&, Words words) { return done(JF_TRY(database())->put(words[2], words[3], words[4])); }

Result<Reply> database_del(Channel&, Words words) { return done(JF_TRY(database())->del(words[2], words[3])); }

Result<Reply> database_del_tree(Channel&, Words words) {
    Database* const keys = JF_TRY(database());
    const std::size_t deleted = JF_TRY(keys->del_tree(words[2], word(words, 3)));
    return result(deleted > 0 ? 1 : 0);
}

Result<Reply> get_variable(Channel& channel, Words words) {
    const std::string& name = words[2];
    if (name.ends_with(')')) {
        auto value = read_expression(&channel, name);
        if (value) return in_parentheses(*value);
        if (takes_call_away(value.error())) return std::unexpected(std::move(value).error());
        return result(0);
    }
    const auto value = ChannelSource(&channel).variable(name);
    return value ? in_parentheses(*value) : result(0);
}

Result<Reply> get_full_variable(Channel& channel, Words words) {
    Channel* of = words.size() > 4 ? find_channel(words[4]) : &channel;
    if (!of) return result(0);
    const auto keep = of->share();
    const std::string value = JF_TRY(substitute(of, words[3]));
    return in_parentheses(value);
}

Result<Reply> set_variable(Channel& channel, Words words) {
    auto set = write_expression(&channel, words[2], word(words, 3));
    if (!set && takes_call_away(set.error())) return std::unexpected(std::move(set).error());
    if (!set) log_warning("{}: AGI: {}: {}", channel.name(), words[2], set.error().text);
    return result(1);
}

constexpr Command all_data_commands[]{
    {"database del", true, "FAMILY KEY", "Delete a key of the database", "Returns 1, or 0 when it was not there.", 4, 4, database_del},
    {"database deltree", true, "FAMILY [KEYTREE]", "Delete a family of the database, or what begins with a key in it",
     "Returns 1, or 0 when there was nothing.", 3, 4, database_del_tree},
    {"database get", true, "FAMILY KEY", "Read a key of the database", "Returns 1 with the value in parentheses, or 0.", 4, 4, database_get},
    {"database put", true, "FAMILY KEY VALUE", "Write a key of the database", "Returns 1, or 0 when that failed.", 5, 5, database_put},
    {"get full variable", true, "EXPRESSION [CHANNELNAME]", "Evaluate an expression in a channel's scope",
     "As in ${EXTEN}. Returns 1 with the value in parentheses, or 0 when there is no such channel.", 4, 5, get_full_variable},
    {"get variable", true, "VARIABLENAME", "Read a variable or a function",
     "Returns 1 with the value in parentheses, or 0 when it is not set.", 3, 3, get_variable},
    {"set variable", true, "VARIABLENAME VALUE", "Set a variable or a function", "Returns 1.", 4, 4, set_variable},
};

}  // namespace

std::span<const Command> data_commands() { return all_data_commands; }

}  // namespace jackfield::agi
