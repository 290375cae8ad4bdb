// Names and syntax of a registry by themselves, for plans that are checked in the pool while modules come and go. Private to
// core/dialplan.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/dialplan/known_names.hpp"
#include "core/module/module.hpp"

namespace jackfield {

class NameList {
  public:
    // Any thread.
    std::vector<KnownName> copy() {
        const std::lock_guard lock(mutex_);
        std::vector<KnownName> all;
        for (const auto& [name, syntax] : names_) all.push_back({name, syntax});
        return all;
    }
    // Has the name for as long as the registration lasts. The list is static.
    Registration with(Registration registration, const std::string& name, const std::string& syntax) {
        {
            const std::lock_guard lock(mutex_);
            names_.emplace(name, syntax);
        }
        return Registration([this, registration = std::move(registration), name]() mutable {
            remove(name);
            registration = {};
        });
    }

  private:
    void remove(const std::string& name) {
        const std::lock_guard lock(mutex_);
        if (const auto found = names_.find(name); found != names_.end()) names_.erase(found);
    }

    std::mutex mutex_;
    std::multimap<std::string, std::string> names_;
};

}  // namespace jackfield
