// The service interface of res_cdr: how a backend's module comes and goes with its configuration file.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "core/base/log.hpp"
#include "core/console/daemon_control.hpp"
#include "core/module/module_config.hpp"
#include "modules/res_cdr/cdr.hpp"

namespace jackfield {

// What writes, made anew from each configuration that is applied. `write` runs on the backend's lane.
class RecordSink {
  public:
    virtual ~RecordSink() = default;
    virtual Result<void> write(const RecordBatch& batch) = 0;
};

// Owned by the backend's module, which names the service's module in its needs. Control thread.
class BackendSlot {
  public:
    BackendSlot(Module& module, Service<RecordService> service, std::string name)
        : module_(module), service_(std::move(service)), name_(std::move(name)) {
        module.on_reload([this]() -> Result<void> {
            if (ended_) set(std::exchange(last_, nullptr));  // an unload was refused
            return {};
        });
        module.on_unload([this]() -> Result<void> {
            ended_ = true;
            return {};
        });
    }
    // Records go there from now on; null: nowhere, and what waits stays in the journal.
    void set(std::shared_ptr<RecordSink> sink) {
        last_ = sink;
        if (!sink || ended_) registration_ = {};
        registered_ = registered_ && sink && !ended_;
        ended_ = false;
        current_->store(std::move(sink));
        if (!last_ || registered_) return;
        auto added = service_->add(module_, {name_, [current = current_](const RecordBatch& batch) -> Result<void> {
                                                 const auto sink = current->load();
                                                 if (!sink) return fail(ErrorCode::closed, "it was switched off");
                                                 return sink->write(batch);
                                             }});
        if (!added) return log_error("{}: {}", module_.name(), added.error().text);
        registration_ = std::move(*added);
        registered_ = true;
    }

  private:
    Module& module_;
    Service<RecordService> service_;
    std::string name_;
    std::shared_ptr<std::atomic<std::shared_ptr<RecordSink>>> current_ = std::make_shared<std::atomic<std::shared_ptr<RecordSink>>>();
    std::shared_ptr<RecordSink> last_;
    bool registered_ = false, ended_ = false;
    Registration registration_;
};

// A slot at the service S (CdrService, CelService). Errors: not_found.
template <class S>
Result<BackendSlot*> backend_slot(Module& module, std::string name) {
    auto found = JF_TRY(detail::find_service(S::service_name));
    return &module.own<BackendSlot>(module, Service<RecordService>(*static_cast<S*>(found.service), std::move(found.pass)), std::move(name));
}

// astlogdir, or the working folder in a unit test.
inline std::string record_log_folder() {
    const auto* daemon = DaemonControl::instance();
    return daemon ? daemon->settings().directories.log : std::string(".");
}

}  // namespace jackfield
