// Libraries that must not be unmapped with the module that needed them.
#pragma once

#include <dlfcn.h>

#include "core/base/result.hpp"

namespace jackfield {

// Keeps the shared library that `symbol` is in mapped for the life of the process: for those whose own libraries leave memory
// behind, or functions that run at the end of threads. May be called again. Errors: failed.
inline Result<void> keep_library(const void* symbol) {
    Dl_info library;
    if (dladdr(symbol, &library) == 0 || !dlopen(library.dli_fname, RTLD_NOW | RTLD_NODELETE))
        return fail(ErrorCode::failed, "a library can't be kept: {}", dlerror());
    return {};
}

}  // namespace jackfield
