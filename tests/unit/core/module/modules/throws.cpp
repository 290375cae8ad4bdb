// Throws an exception of its own type while it loads.
#include <exception>

#include "core/module/module.hpp"

using namespace jackfield;

namespace {

struct Fault : std::exception {
    const char* what() const noexcept override { return "a fault of its own"; }
};

Result<void> load(Module&) { throw Fault(); }

}  // namespace

JACKFIELD_MODULE("throws", "Throws", load);
