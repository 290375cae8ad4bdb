// The service interface of res_cdr: text files whose lines are written by templates (cdr_custom.conf, cel_custom.conf).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/module/module_config.hpp"
#include "modules/res_cdr/backend_slot.hpp"
#include "modules/res_cdr/record_template.hpp"
#include "modules/res_cdr/text_file.hpp"

namespace jackfield {

// One line for each record in each of the files.
class CustomFiles final : public RecordSink {
  public:
    using Files = std::vector<std::pair<std::string, RecordTemplate>>;  // path and line
    explicit CustomFiles(Files files) : files_(std::move(files)) {}
    Result<void> write(const RecordBatch& batch) override {
        for (const auto& [path, line] : files_) {
            std::string text;
            for (const Record& record : batch.records) text += line.fill(record) + "\n";
            JF_TRY(append_records(path, text, batch));
        }
        return {};
    }

  private:
    Files files_;
};

// Section [mappings]: `file.csv => template`, files below `folder`.
inline ConfigFileSpec custom_file_spec(std::string file, std::string folder, BackendSlot* slot) {
    return ConfigFileSpec{
        .file = std::move(file),
        .prepare = [slot, folder = std::move(folder)](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
            CustomFiles::Files files;
            for (const ConfigCategory& category : read.categories()) {
                if (category.is_template()) continue;
                if (!equals_ignoring_case(category.name(), "mappings")) {
                    unknown_section(category, {"mappings"}, findings);
                    continue;
                }
                for (const ConfigEntry& entry : category.entries()) {
                    if (entry.key.contains("..") || entry.key.starts_with('/'))
                        findings.error(entry.place(), "'{}' is no name of a file below {}", entry.key, folder);
                    files.emplace_back(folder + "/" + std::string(entry.key), RecordTemplate(entry.value, entry, findings));
                }
            }
            return [slot, files = std::make_shared<CustomFiles::Files>(std::move(files))] {
                slot->set(files->empty() ? nullptr : std::make_shared<CustomFiles>(std::move(*files)));
            };
        }};
}

}  // namespace jackfield
