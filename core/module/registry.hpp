// Registries: what modules add by name (applications, functions, drivers, codecs, ...) and how the core finds it.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/strings.hpp"
#include "core/runtime/gate.hpp"

namespace jackfield {

// Something registered; destroying it undoes the registration. Owned by the Module that registered it.
class [[nodiscard]] Registration {
  public:
    Registration() = default;
    explicit Registration(std::move_only_function<void()> undo) : undo_(std::move(undo)) {}
    Registration(Registration&& other) noexcept : undo_(std::exchange(other.undo_, nullptr)) {}
    Registration& operator=(Registration&& other) noexcept {
        if (this != &other) {
            if (undo_) undo_();
            undo_ = std::exchange(other.undo_, nullptr);
        }
        return *this;
    }
    ~Registration() {
        if (undo_) undo_();
    }

  private:
    std::move_only_function<void()> undo_;
};

// Named values of one kind, letter case aside. Control thread only. A slot lives as long as the process, also when its
// module is gone: compiled dialplans and dial strings keep pointers to slots and find out at run time, in one load,
// whether somebody stands there now.
template <class T>
class Registry {
  public:
    struct Slot {
        std::string name;             // as first registered or asked for
        std::unique_ptr<T> value;     // null: nobody has registered it now
        Gate* gate = nullptr;         // of the module that registered it; null: the core
        explicit operator bool() const { return value != nullptr; }
        // What everyone who calls the value holds meanwhile. Errors: not_found, unloading.
        Result<Gate::Pass> enter() const {
            if (!value) return fail(ErrorCode::not_found, "{} is not loaded", name);
            if (!gate) return Gate::Pass();
            return gate->enter();
        }
    };

    // Errors: exists, naming the module that has the name already.
    Result<Registration> add(std::string_view name, T value, Gate* gate) {
        Slot& slot = this->slot(name);
        if (slot.value)
            return fail(ErrorCode::exists, "{} is registered already by {}", name,
                        slot.gate ? slot.gate->name() : "the core");
        slot.name = name;
        slot.value = std::make_unique<T>(std::move(value));
        slot.gate = gate;
        return Registration([&slot] {
            slot.value.reset();
            slot.gate = nullptr;
        });
    }
    // The slot of that name, empty if need be; stays valid for ever. Names come from configuration, not from peers.
    Slot& slot(std::string_view name) {
        auto found = slots_.find(name);
        if (found == slots_.end()) {
            found = slots_.emplace(std::string(name), std::make_unique<Slot>()).first;
            found->second->name = name;
        }
        return *found->second;
    }
    // The slot when somebody has registered the name, else null.
    Slot* find(std::string_view name) {
        const auto found = slots_.find(name);
        return found == slots_.end() || !found->second->value ? nullptr : found->second.get();
    }
    std::vector<Slot*> list() {  // those registered, sorted by name
        std::vector<Slot*> all;
        for (auto& [name, slot] : slots_)
            if (slot->value) all.push_back(slot.get());
        std::sort(all.begin(), all.end(),
                  [](Slot* a, Slot* b) { return CaseInsensitiveLess{}(a->name, b->name); });
        return all;
    }

  private:
    std::unordered_map<std::string, std::unique_ptr<Slot>, CaseInsensitiveHash, CaseInsensitiveEqual> slots_;
};

}  // namespace jackfield
