// The module's state: the engine fed by the event bus, and the way of its records to the backends.
#pragma once

#include <memory>
#include <vector>

#include "core/channel/channel.hpp"
#include "core/runtime/event_bus.hpp"
#include "modules/res_cdr/engine.hpp"
#include "modules/res_cdr/record_writer.hpp"

namespace jackfield::cdr {

// Control thread.
class Recorder final : public CdrService {
  public:
    Recorder(Module& module, const std::string& spool_folder);

    Result<Registration> add(Module& module, RecordBackend backend) override { return writer_.add(module, std::move(backend)); }
    void apply(const Settings& settings);
    Engine& engine() { return engine_; }
    RecordWriter& writer() { return writer_; }

  private:
    void listen();
    void give_out(Record record);
    RecordWriter writer_;
    Engine engine_;
    std::vector<Subscription> events_;
};

ChannelView view_of(const Channel& channel);

Result<void> add_functions(Module& module, Recorder& recorder);     // CDR, CDR_PROP
Result<void> add_applications(Module& module, Recorder& recorder);  // ForkCDR, ResetCDR, NoCDR
Result<void> add_commands(Module& module, Recorder& recorder);      // cdr show ..., cdr submit

}  // namespace jackfield::cdr
