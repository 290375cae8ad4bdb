// The classes of musiconhold.conf.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/strings.hpp"
#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"

namespace jackfield::res_musiconhold {

enum class Order { random, alphabetical, random_start };

// Immutable, but for what is learnt about its files.
struct MusicClass {
    std::string name, mode, directory;
    Order order = Order::alphabetical;
    bool shared_position = false;                            // all listeners hear the same place
    std::vector<std::string> files;                          // paths without extension, in order
    Instant started{};                                       // what the shared position counts from
    mutable std::vector<std::chrono::milliseconds> lengths;  // of the files, when it has been needed; control thread
};

using MusicClasses = std::map<std::string, std::shared_ptr<const MusicClass>, CaseInsensitiveLess>;

// Lists the folders named by the file; blocks on the disk. Relative entries are below `sounds`, relative folders beside
// it.
MusicClasses read_classes(const ConfigFile& file, const std::string& sounds, Diagnostics& findings);

}  // namespace jackfield::res_musiconhold
