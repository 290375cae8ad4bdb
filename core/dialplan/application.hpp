// Applications and functions of the dialplan: what a module registers.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/channel/channel.hpp"
#include "core/dialplan/arguments.hpp"
#include "core/module/module.hpp"

namespace jackfield {

// Documentation that can't be left out: it has no default, so a registration without it does not compile.
struct Text {
    const char* text;
    consteval Text(const char* what) : text(what) {
        if (*what == 0) throw "documentation is part of the registration";
    }
    operator std::string_view() const { return text; }
};

// Feeds `core show application NAME`, AMI, the web pages and the manual.
struct ApplicationInfo {
    Text name;
    Text syntax;      // "Echo()", "Dial(Technology/Resource[&...][,timeout[,options[,URL]]])"
    Text synopsis;    // one line without a full stop
    Text text;        // sentences; options one a line as "  o - what it does"
};
// Runs on the call's own fiber and may wait. Hang-up comes back as an error and ends the function.
using ApplicationFunction = std::function<Result<void>(Channel& channel, const Arguments& arguments)>;
Result<Registration> register_in(Module& module, const ApplicationInfo& info, ApplicationFunction function);

struct FunctionInfo {
    Text name;
    Text syntax;      // "LEN(string)"
    Text synopsis;
    Text text;
    bool dangerous = false;   // not to be used from outside the dialplan (AMI, ARI) unless live_dangerously
};
// `channel` is null when evaluated without a call (CLI, AMI). Both may wait.
using FunctionRead = std::function<Result<std::string>(Channel* channel, const Arguments& arguments)>;
using FunctionWrite = std::function<Result<void>(Channel* channel, const Arguments& arguments, std::string_view value)>;
struct FunctionBody {
    FunctionRead read;        // null: can't be read
    FunctionWrite write = {}; // null: can't be set
};
Result<Registration> register_in(Module& module, const FunctionInfo& info, FunctionBody body);

struct RegisteredApplication {
    ApplicationInfo info;
    ApplicationFunction run;
    std::string module;
};
struct RegisteredFunction {
    FunctionInfo info;
    FunctionBody body;
    std::string module;
};
Registry<RegisteredApplication>& applications();
Registry<RegisteredFunction>& functions();

}  // namespace jackfield
