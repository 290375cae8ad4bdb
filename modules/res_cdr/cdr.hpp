// The service interface of res_cdr: where modules that write call records register. res_cel offers the same for events.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/module/module.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield {

// Some records in the order in which they were made.
struct RecordBatch {
    std::span<const Record> records;
    // An earlier try to write exactly these records ended without an answer (a crash, a lost connection), so that they may be
    // there already: the backend looks, and writes only what is missing.
    bool perhaps_written = false;
    std::uint64_t number = 0;  // of the batch: the same in each try, another than those of the batches before it
    const std::atomic<bool>& stopping;  // set when the backend is to give up what it waits for
};

// A backend writes all records of a batch or none, and returns when they are safe from the death of this process. It runs on
// a thread of its own and may block. What it could not write stays in the journal and is tried again. Errors: `invalid`
// says that the data itself was refused and nothing written: then the batch is split to find the record, which is put
// aside. Any other error says that the backend is away.
struct RecordBackend {
    std::string name;  // "csv": names its lane and its place in the journal
    std::function<Result<void>(const RecordBatch& batch)> write;
};

// Control thread.
class RecordService {
  public:
    virtual ~RecordService() = default;
    // From now on every record goes to the backend too, until the registration ends. What an earlier run left for it in
    // the journal comes first. When the module unloads, it waits a while for what is left. Errors: exists.
    virtual Result<Registration> add(Module& module, RecordBackend backend) = 0;
};
struct CdrService : RecordService {
    static constexpr std::string_view service_name = "cdr";
};
struct CelService : RecordService {
    static constexpr std::string_view service_name = "cel";
};

// Published when a record is made, for those who need no file (the manager interface). Control thread.
struct CallRecorded {
    static constexpr std::string_view topic = "cdr.record";
    const Record& record;
};
struct CallEventRecorded {
    static constexpr std::string_view topic = "cel.record";
    const Record& record;
};

}  // namespace jackfield
