// func_odbc - Functions made of SQL statements (func_odbc.conf), rows one by one, transactions, and quoting.
#include <map>

#include "core/channel/per_call.hpp"
#include "core/dialplan/evaluator.hpp"
#include "core/dialplan/template.hpp"
#include "core/sdk.hpp"
#include "modules/func_odbc/settings.hpp"
#include "modules/res_odbc/odbc.hpp"

using namespace jackfield;

namespace jackfield::func_odbc {
namespace {

constexpr std::size_t most_results = 64;  // of multirow that one call keeps

// ${ARG1}, ${VALUE} and their like of one use, before the variables of the channel.
class StatementSource final : public VariableSource {
  public:
    explicit StatementSource(Channel* channel) : outer_(channel) {}
    void set(std::string name, std::string value) { own_[std::move(name)] = std::move(value); }
    void set_all(const std::string& name, const std::vector<std::string>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) set(fmt::format("{}{}", name, i + 1), values[i]);
    }
    std::optional<std::string> variable(std::string_view name) override {
        if (const auto found = own_.find(name); found != own_.end()) return found->second;
        // A missing argument is empty, and never that of the Gosub around it.
        for (const std::string_view family : {"ARG", "VAL"})
            if (name.starts_with(family) && parse_number<unsigned>(name.substr(family.size()))) return std::string();
        return outer_.variable(name);
    }
    // Functions see these variables in their arguments, which are evaluated before.
    Result<std::string> call_function(std::string_view name, std::string_view arguments) override {
        return outer_.call_function(name, arguments);
    }
    void warn(std::string_view text) override { outer_.warn(text); }

  private:
    ChannelSource outer_;
    std::map<std::string, std::string, std::less<>> own_;
};

struct KeptRows {
    OdbcAnswer answer;
    std::size_t next = 0;
    bool escape_commas = true;
};

// What a call has open: rows that are not fetched yet, and transactions.
struct OpenThings {
    std::map<unsigned, KeptRows> results;
    std::map<std::string, std::unique_ptr<OdbcTransaction>, CaseInsensitiveLess> transactions;
    std::string active;  // transaction
};
class Calls final : public PerCall<OpenThings> {
  public:
    using Call = OpenThings;
    unsigned keep(const Channel* channel, KeptRows rows) {
        auto& results = of(channel).results;
        if (results.size() >= most_results) results.erase(results.begin());
        results.emplace(++last_, std::move(rows));
        return last_;
    }

  private:
    unsigned last_ = 0;
};

void tell(Channel* channel, std::string_view name, std::string value) {
    if (channel) channel->set_variable(name, std::move(value));
}

std::string joined_row(const std::vector<std::optional<std::string>>& row, bool escape_commas) {
    std::string text;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) text += ',';
        for (const char c : row[i].value_or("")) {
            if (escape_commas && (c == ',' || c == '\\')) text += '\\';
            text += c;
        }
    }
    return text;
}

// In the channel's open transaction when that is at one of the databases, else at the first that is not away.
Result<OdbcAnswer> execute(Calls& calls, Channel* channel, const std::vector<std::string>& databases, const OdbcStatement& statement) {
    if (Calls::Call* call = calls.find(channel); call && !call->active.empty()) {
        const auto found = call->transactions.find(call->active);
        if (found != call->transactions.end())
            for (const std::string& name : databases)
                if (equals_ignoring_case(name, found->second->database())) return found->second->execute(statement);
    }
    const auto odbc = JF_TRY(find_service<OdbcService>());
    Result<OdbcAnswer> answer = fail(ErrorCode::not_found, "there is no database");
    for (const std::string& name : databases) {
        answer = odbc->execute(name, statement);
        if (answer || (answer.error().code != ErrorCode::closed && answer.error().code != ErrorCode::timeout &&
                       answer.error().code != ErrorCode::limit))
            return answer;
    }
    return answer;
}

Result<void> check_arguments(const Definition& definition, const Arguments& arguments) {
    if (arguments.size() < definition.least_arguments)
        return fail(ErrorCode::invalid, "{} needs {} arguments", definition.name, definition.least_arguments);
    return {};
}

StatementSource source_of(Channel* channel, const Arguments& arguments) {
    StatementSource source(channel);
    source.set("ARGC", std::to_string(arguments.size()));
    for (std::size_t i = 0; i < arguments.size(); ++i) source.set(fmt::format("ARG{}", i + 1), std::string(arguments[i]));
    return source;
}

Result<std::string> read(Calls& calls, const Definition& definition, Channel* channel, const Arguments& arguments) {
    const auto failed = [&](Error error) -> std::unexpected<Error> {
        tell(channel, "ODBCROWS", "-1");
        tell(channel, "ODBCSTATUS", "FAILURE");
        return std::unexpected(std::move(error));
    };
    if (auto fits = check_arguments(definition, arguments); !fits) return failed(std::move(fits).error());
    StatementSource source = source_of(channel, arguments);
    OdbcStatement statement;
    statement.text = JF_TRY(evaluate_text(definition.read, source));
    if (!definition.several_rows) statement.most_rows = 1;
    if (definition.several_rows && definition.most_rows > 0) statement.most_rows = definition.most_rows;
    auto answer = execute(calls, channel, definition.read_from, statement);
    if (!answer) return failed(std::move(answer).error());
    tell(channel, "ODBCROWS", std::to_string(answer->rows.size()));
    tell(channel, "ODBCSTATUS", answer->rows.empty() ? "NODATA" : "SUCCESS");
    tell(channel, "~ODBCFIELDS~", join(answer->columns, ","));
    if (definition.several_rows)
        return std::to_string(calls.keep(channel, {.answer = *std::move(answer), .escape_commas = definition.escape_commas}));
    return answer->rows.empty() ? std::string() : joined_row(answer->rows.front(), definition.escape_commas);
}

Result<void> write(Calls& calls, const Definition& definition, Channel* channel, const Arguments& arguments, std::string_view value) {
    tell(channel, "ODBCROWS", "-1");
    tell(channel, "ODBCSTATUS", "FAILURE");
    JF_TRY(check_arguments(definition, arguments));
    StatementSource source = source_of(channel, arguments);
    source.set("VALUE", std::string(value));
    source.set_all("VAL", split_arguments(value));
    OdbcStatement statement;
    statement.text = JF_TRY(evaluate_text(definition.write, source));
    statement.most_rows = 0;
    std::int64_t changed = JF_TRY(execute(calls, channel, definition.write_to, statement)).affected;
    if (changed == 0 && !definition.insert.empty()) {
        statement.text = JF_TRY(evaluate_text(definition.insert, source));
        changed = JF_TRY(execute(calls, channel, definition.write_to, statement)).affected;
    }
    tell(channel, "ODBCROWS", std::to_string(changed));
    tell(channel, "ODBCSTATUS", changed > 0 ? "SUCCESS" : "NODATA");
    return {};
}

// --- the functions of the file ------------------------------------------------------------------------------------------

// What `info` shows, kept with the function, since its texts are not literals.
struct Documented {
    Definition definition;
    std::string syntax, text;
};

Text text_of(const std::string& kept) {
    Text text("a function of func_odbc.conf");
    text.text = kept.c_str();
    return text;
}

class Functions {
  public:
    Functions(Module& module, Calls& calls) : module_(module), calls_(calls) {}
    // Calls that are inside a function that goes keep what they began with.
    void set(std::vector<Definition> definitions) {
        registrations_.clear();
        for (Definition& definition : definitions) {
            auto kept = std::make_shared<Documented>();
            kept->definition = std::move(definition);
            Definition& made = kept->definition;
            kept->syntax = fmt::format("{}({})", made.name, made.syntax.empty() ? "arg1[,...[,argN]]" : made.syntax);
            if (made.synopsis.empty()) made.synopsis = "Runs a statement of func_odbc.conf";
            if (!made.read.empty()) kept->text += fmt::format("Read: {}\n", made.read);
            if (!made.write.empty()) kept->text += fmt::format("Write: {}\n", made.write);
            if (!made.insert.empty()) kept->text += fmt::format("When that changes no row: {}\n", made.insert);
            kept->text += "ODBCROWS has the number of rows, ODBCSTATUS SUCCESS, NODATA or FAILURE.";
            FunctionBody body{};
            if (!made.read.empty())
                body.read = [this, kept](Channel* channel, const Arguments& arguments) { return read(calls_, kept->definition, channel, arguments); };
            if (!made.write.empty())
                body.write = [this, kept](Channel* channel, const Arguments& arguments, std::string_view value) {
                    return write(calls_, kept->definition, channel, arguments, value);
                };
            const FunctionInfo info{.name = text_of(made.name), .syntax = text_of(kept->syntax), .synopsis = text_of(made.synopsis),
                                    .text = text_of(kept->text)};
            auto registered = register_in(module_, info, std::move(body));
            if (!registered) {
                log_error("func_odbc.conf: {} can't be added: {}", made.name, registered.error().text);
                continue;
            }
            documented_.push_back(kept);
            registrations_.push_back(std::move(*registered));
        }
    }

  private:
    Module& module_;
    Calls& calls_;
    std::vector<std::shared_ptr<const Documented>> documented_;  // for ever: somebody may hold what `info` points to
    std::vector<Registration> registrations_;
};

// --- rows, transactions, quoting ------------------------------------------------------------------------------------------

constexpr FunctionInfo fetch_info{.name = "ODBC_FETCH",
                                  .syntax = "ODBC_FETCH(result-id)",
                                  .synopsis = "The next row of a result of a function with mode=multirow",
                                  .text = "ODBC_FETCH_STATUS is SUCCESS, or FAILURE after the last row, when the result is forgotten."};
constexpr FunctionInfo odbc_info{
    .name = "ODBC",
    .syntax = "ODBC(property[,argument])",
    .synopsis = "The transaction that the functions of func_odbc.conf work in",
    .text = "Set(ODBC(transaction,database)=name) begins one at a section of res_odbc.conf, or goes back to it when there is one of "
            "that name already; without `database` the name is the database's. Statements at that database are then part of it until "
            "ODBC_Commit, ODBC_Rollback or the end of the call. ODBC(forcecommit[,name]) says whether that end commits, "
            "ODBC(isolation[,name]) is read_committed, read_uncommitted, repeatable_read or serializable, set before the first statement."};
constexpr FunctionInfo escape_info{.name = "SQL_ESC",
                                   .syntax = "SQL_ESC(string)",
                                   .synopsis = "A text for use between single quotes in a statement",
                                   .text = "Single quotes are doubled: '${SQL_ESC(${ARG1})}'. Whatever a caller can influence needs it."};
constexpr FunctionInfo backslash_info{.name = "SQL_ESC_BACKSLASHES",
                                      .syntax = "SQL_ESC_BACKSLASHES(string)",
                                      .synopsis = "A text whose backslashes are doubled, for databases that take them as escapes",
                                      .text = "For use together with SQL_ESC."};
constexpr ApplicationInfo finish_info{.name = "ODBCFinish",
                                      .syntax = "ODBCFinish(result-id)",
                                      .synopsis = "Forget the rest of a result of a function with mode=multirow",
                                      .text = "The end of the call does the same."};
constexpr ApplicationInfo commit_info{.name = "ODBC_Commit",
                                      .syntax = "ODBC_Commit([transaction])",
                                      .synopsis = "Make what a transaction did permanent",
                                      .text = "Of the active transaction when none is named. COMMIT_RESULT is OK or what went wrong."};
constexpr ApplicationInfo rollback_info{.name = "ODBC_Rollback",
                                        .syntax = "ODBC_Rollback([transaction])",
                                        .synopsis = "Undo what a transaction did",
                                        .text = "Of the active transaction when none is named. ROLLBACK_RESULT is OK or what went wrong."};

Result<std::string> fetch(Calls& calls, Channel* channel, const Arguments& arguments) {
    Calls::Call* call = calls.find(channel);
    const auto id = parse_number<unsigned>(trim(arguments.raw()));
    const auto found = call && id ? call->results.find(*id) : std::map<unsigned, KeptRows>::iterator();
    if (!call || !id || found == call->results.end()) {
        tell(channel, "ODBC_FETCH_STATUS", "FAILURE");
        return std::string();
    }
    KeptRows& rows = found->second;
    if (rows.next >= rows.answer.rows.size()) {
        call->results.erase(found);
        tell(channel, "ODBC_FETCH_STATUS", "FAILURE");
        return std::string();
    }
    tell(channel, "ODBC_FETCH_STATUS", "SUCCESS");
    tell(channel, "~ODBCFIELDS~", join(rows.answer.columns, ","));
    return joined_row(rows.answer.rows[rows.next++], rows.escape_commas);
}

Result<OdbcTransaction*> transaction_of(Calls& calls, Channel* channel, std::string_view name) {
    Calls::Call* call = calls.find(channel);
    const std::string wanted(name.empty() && call ? std::string_view(call->active) : name);
    if (wanted.empty()) return fail(ErrorCode::not_found, "no transaction is active; Set(ODBC(transaction,database)=name) begins one");
    const auto found = call ? call->transactions.find(wanted) : decltype(call->transactions.find(wanted))();
    if (!call || found == call->transactions.end()) return fail(ErrorCode::not_found, "this call has no transaction {}", wanted);
    return found->second.get();
}

Result<std::string> read_property(Calls& calls, Channel* channel, const Arguments& arguments) {
    if (equals_ignoring_case(arguments[0], "transaction")) {
        const Calls::Call* call = calls.find(channel);
        return call ? call->active : std::string();
    }
    OdbcTransaction* transaction = JF_TRY(transaction_of(calls, channel, arguments[1]));
    if (equals_ignoring_case(arguments[0], "forcecommit")) return transaction->force_commit() ? "1" : "0";
    if (equals_ignoring_case(arguments[0], "isolation")) return transaction->isolation();
    return fail(ErrorCode::invalid, "ODBC has transaction, forcecommit and isolation, not '{}'", arguments[0]);
}

Result<void> write_property(Calls& calls, Channel* channel, const Arguments& arguments, std::string_view value) {
    if (!channel) return fail(ErrorCode::invalid, "ODBC needs a channel");
    if (equals_ignoring_case(arguments[0], "transaction")) {
        const std::string name(value);
        if (name.empty()) {
            calls.of(channel).active.clear();
            return {};
        }
        if (!calls.of(channel).transactions.contains(name)) {
            const auto odbc = JF_TRY(find_service<OdbcService>());
            auto begun = JF_TRY(odbc->begin(arguments.has(1) ? std::string(arguments[1]) : name));
            calls.of(channel).transactions[name] = std::move(begun);
        }
        calls.of(channel).active = name;
        return {};
    }
    OdbcTransaction* transaction = JF_TRY(transaction_of(calls, channel, arguments[1]));
    if (equals_ignoring_case(arguments[0], "forcecommit")) {
        transaction->set_force_commit(parse_bool(value).value_or(false));
        return {};
    }
    if (equals_ignoring_case(arguments[0], "isolation")) return transaction->set_isolation(std::string(value));
    return fail(ErrorCode::invalid, "ODBC has transaction, forcecommit and isolation, not '{}'", arguments[0]);
}

Result<void> end_transaction(Calls& calls, Channel& channel, const Arguments& arguments, bool commit) {
    const std::string_view variable = commit ? "COMMIT_RESULT" : "ROLLBACK_RESULT";
    auto transaction = transaction_of(calls, &channel, arguments[0]);
    Result<void> done = transaction ? (commit ? (*transaction)->commit() : (*transaction)->rollback())
                                    : Result<void>(std::unexpected(transaction.error()));
    channel.set_variable(variable, done ? std::string("OK") : done.error().text);
    if (!done && !ends_application(done.error().code)) {
        log_warning("{}: {}", commit ? "ODBC_Commit" : "ODBC_Rollback", done.error().text);
        return {};
    }
    return done;
}

std::string doubled(std::string_view text, char what) {
    std::string out;
    for (const char c : text) {
        if (c == what) out += c;
        out += c;
    }
    return out;
}

Result<void> load(Module& module) {
    auto& calls = module.own<Calls>();
    auto& functions = module.own<Functions>(module, calls);
    JF_TRY(module.add(fetch_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) { return fetch(calls, channel, arguments); }}));
    JF_TRY(module.add(odbc_info, FunctionBody{[&calls](Channel* channel, const Arguments& arguments) { return read_property(calls, channel, arguments); },
                                              [&calls](Channel* channel, const Arguments& arguments, std::string_view value) {
                                                  return write_property(calls, channel, arguments, value);
                                              }}));
    JF_TRY(module.add(escape_info, FunctionBody{[](Channel*, const Arguments& arguments) -> Result<std::string> { return doubled(arguments.raw(), '\''); }}));
    JF_TRY(module.add(backslash_info, FunctionBody{[](Channel*, const Arguments& arguments) -> Result<std::string> { return doubled(arguments.raw(), '\\'); }}));
    JF_TRY(module.add(finish_info, [&calls](Channel& channel, const Arguments& arguments) -> Result<void> {
        if (Calls::Call* call = calls.find(&channel))
            if (const auto id = parse_number<unsigned>(trim(arguments.raw()))) call->results.erase(*id);
        return {};
    }));
    JF_TRY(module.add(commit_info, [&calls](Channel& channel, const Arguments& arguments) { return end_transaction(calls, channel, arguments, true); }));
    JF_TRY(module.add(rollback_info, [&calls](Channel& channel, const Arguments& arguments) { return end_transaction(calls, channel, arguments, false); }));
    return module.add(ConfigFileSpec{.file = "func_odbc.conf", .prepare = [&functions](const ConfigFile& file, Diagnostics& findings) -> ConfigApply {
        return [&functions, list = read_definitions(file, findings)]() mutable { functions.set(std::move(list)); };
    }});
}

}  // namespace
}  // namespace jackfield::func_odbc

JACKFIELD_MODULE("func_odbc", "Functions made of SQL statements", jackfield::func_odbc::load, "res_odbc")
