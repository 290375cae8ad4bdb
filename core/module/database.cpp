// The key/value database: an index in memory, and one writer that brings changes to the disk in order.
#include "core/module/database.hpp"

#include "core/base/log.hpp"
#include "core/module/database_file.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/event_bus.hpp"
#include "core/runtime/offload.hpp"
#include "core/runtime/timer.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {
namespace {

using namespace std::chrono_literals;
using detail::DatabaseFile;

constexpr std::size_t most_query_rows = 10'000;
constexpr auto retry_interval = 5s;

Database* the_database = nullptr;

// What several fibers wait for: one transaction.
struct Batch {
    Latch done;
    Result<void> result;
};

std::string tree_prefix(std::string_view family) {
    return family.empty() ? std::string() : family.front() == '/' ? std::string(family) : fmt::format("/{}", family);
}

DatabaseEntry entry_of(const std::string& path, const std::string& value) {
    const std::size_t slash = path.rfind('/');
    const std::size_t start = path.starts_with('/') ? 1 : 0;
    if (slash == std::string::npos || slash < start) return {{}, path.substr(start), value};
    return {path.substr(start, slash - start), path.substr(slash + 1), value};
}

}  // namespace

struct Database::Private {
    std::unique_ptr<DatabaseFile> file;  // the lane's thread only
    std::unique_ptr<Lane> lane;
    DatabaseFile::Values values;
    DatabaseFile::Changes pending;       // not given to the lane yet
    std::shared_ptr<Batch> batch;        // of `pending`
    bool flush_planned = false, writing = false;
    Timer retry{[this] { flush(); }};

    // A pointer that a job on the lane may hold while this is being destroyed.
    struct Link {
        Private* owner;
    };
    std::shared_ptr<Link> link = std::make_shared<Link>(Link{this});

    ~Private() { link->owner = nullptr; }

    std::shared_ptr<Batch> change(const std::string& path, std::optional<std::string> value) {
        const DatabaseEntry parts = entry_of(path, {});
        if (value) values.insert_or_assign(path, *value);
        else values.erase(path);
        jackfield::publish(DatabaseChanged{parts.family, parts.key, value ? &*value : nullptr});
        pending.insert_or_assign(path, std::move(value));
        if (!batch) batch = std::make_shared<Batch>();
        plan_flush();
        return batch;
    }
    // One transaction for all that this turn changes.
    void plan_flush() {
        if (flush_planned || writing) return;
        flush_planned = true;
        at_end_of_turn([link = link] {
            if (link->owner) link->owner->flush();
        });
    }
    void flush() {
        flush_planned = false;
        if (writing || pending.empty()) return;
        auto changes = std::make_shared<DatabaseFile::Changes>(std::exchange(pending, {}));
        auto writes = std::exchange(batch, nullptr);
        writing = true;
        const bool queued = lane->submit([this, link = link, changes, writes] {
            Result<void> result = file->write(*changes);
            post([link, changes, writes, result = std::move(result)]() mutable {
                if (link->owner) link->owner->written(*changes, result);
                if (writes) finish(*writes, std::move(result));
            });
        });
        if (!queued) {
            Result<void> result = fail(ErrorCode::limit, "the database's queue is full");
            written(*changes, result);
            if (writes) finish(*writes, std::move(result));
        }
    }
    static void finish(Batch& writes, Result<void> result) {
        writes.result = std::move(result);
        writes.done.set();
    }
    void written(DatabaseFile::Changes& changes, const Result<void>& result) {
        writing = false;
        if (result) {
            if (!pending.empty()) plan_flush();
            return;
        }
        log_error("The database can't be written, trying again in {} s: {}", retry_interval.count(),
                  result.error().text);
        // What was changed since then is newer.
        pending.merge(changes);
        if (!batch) batch = std::make_shared<Batch>();
        retry.start(retry_interval);
    }
};

namespace {

Result<void> wait_for(const std::shared_ptr<Batch>& batch) {
    const Shield shield;
    JF_TRY(batch->done.wait());
    return batch->result;
}

Result<std::string> checked_path(std::string_view family, std::string_view key) {
    if (family.empty() || key.empty()) return fail(ErrorCode::invalid, "a database entry needs a family and a key");
    std::string path = Database::path(family, key);
    if (path.size() > Database::longest_path)
        return fail(ErrorCode::invalid, "family and key are longer than {} characters", Database::longest_path);
    return path;
}

}  // namespace

Database::Database(std::unique_ptr<Private> made) : private_(std::move(made)) { the_database = this; }

Database::~Database() {
    if (the_database == this) the_database = nullptr;
    private_->lane.reset();  // runs what it has to the end
    if (auto written = private_->file->write(private_->pending); !written)
        log_error("The last changes of the database are lost: {}", written.error().text);
}

Database* Database::instance() { return the_database; }

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
    auto made = std::make_unique<Private>();
    made->file = JF_TRY(DatabaseFile::open(path, made->values));
    made->lane = std::make_unique<Lane>("database", 1, 64);
    return std::unique_ptr<Database>(new Database(std::move(made)));
}

std::string Database::path(std::string_view family, std::string_view key) {
    return fmt::format("/{}/{}", family, key);
}

std::optional<std::string> Database::get(std::string_view family, std::string_view key) const {
    const auto found = private_->values.find(path(family, key));
    if (found == private_->values.end()) return {};
    return found->second;
}

std::vector<DatabaseEntry> Database::list(std::string_view family, std::string_view after, std::size_t at_most) const {
    std::vector<DatabaseEntry> entries;
    const std::string tree = tree_prefix(family);
    const std::string below = tree.empty() || tree.ends_with('/') ? tree : tree + '/';
    const auto& values = private_->values;
    for (auto at = after.empty() ? values.lower_bound(below) : values.upper_bound(after);
         at != values.end() && at->first.starts_with(below) && entries.size() < at_most; ++at)
        entries.push_back(entry_of(at->first, at->second));
    return entries;
}

std::vector<DatabaseEntry> Database::find_key(std::string_view key) const {
    std::vector<DatabaseEntry> entries;
    for (const auto& [path, value] : private_->values)
        if (DatabaseEntry entry = entry_of(path, value); entry.key == key) entries.push_back(std::move(entry));
    return entries;
}

std::size_t Database::size() const { return private_->values.size(); }

Result<void> Database::put(std::string_view family, std::string_view key, std::string value) {
    const std::string where = JF_TRY(checked_path(family, key));
    if (value.size() > longest_value)
        return fail(ErrorCode::limit, "the value of {} is longer than {} bytes", where, longest_value);
    return wait_for(private_->change(where, std::move(value)));
}

Result<void> Database::put_later(std::string_view family, std::string_view key, std::string value) {
    const std::string where = JF_TRY(checked_path(family, key));
    if (value.size() > longest_value)
        return fail(ErrorCode::limit, "the value of {} is longer than {} bytes", where, longest_value);
    (void)private_->change(where, std::move(value));
    return {};
}

Result<void> Database::del(std::string_view family, std::string_view key) {
    const std::string where = path(family, key);
    if (!private_->values.contains(where)) return fail(ErrorCode::not_found, "the database has no {}", where);
    return wait_for(private_->change(where, std::nullopt));
}

void Database::del_later(std::string_view family, std::string_view key) {
    const std::string where = path(family, key);
    if (private_->values.contains(where)) (void)private_->change(where, std::nullopt);
}

Result<std::size_t> Database::del_tree(std::string_view family, std::string_view key) {
    if (family.empty()) return fail(ErrorCode::invalid, "a family is needed");
    std::string tree = tree_prefix(family);
    if (!key.empty()) tree += fmt::format("/{}", key);
    std::size_t count = 0;
    std::shared_ptr<Batch> batch;
    if (private_->values.contains(tree)) {
        batch = private_->change(tree, std::nullopt);
        ++count;
    }
    tree += '/';
    for (;;) {
        // The map may change during a pause: each step looks anew for the next one.
        const auto next = private_->values.lower_bound(tree);
        if (next == private_->values.end() || !next->first.starts_with(tree)) break;
        batch = private_->change(std::string(next->first), std::nullopt);
        if (++count % 500 == 0) JF_TRY(yield());
    }
    if (batch) JF_TRY(wait_for(batch));
    return count;
}

Result<std::vector<std::string>> Database::query(std::string sql) {
    if (private_->batch) JF_TRY(wait_for(private_->batch));
    return offload(*private_->lane, [&] { return private_->file->query(sql, most_query_rows); });
}

}  // namespace jackfield
