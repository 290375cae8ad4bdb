// Which folders a prompt may be in, by language.
#include "core/media/sound_search.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

#include "core/base/strings.hpp"

namespace jackfield {
namespace {

// The sub-folders of one prompt folder, read anew when its time of change is another.
struct Listing {
    timespec modified{};
    std::vector<std::string> folders;  // sorted
};

std::shared_ptr<const Listing> list_folders(const std::string& directory) {
    static std::mutex mutex;  // of the pool's threads among themselves
    static std::map<std::string, std::shared_ptr<const Listing>> known;
    struct stat status {};
    if (stat(directory.c_str(), &status) != 0) return nullptr;
    const auto same = [&](const timespec& time) {
        return time.tv_sec == status.st_mtim.tv_sec && time.tv_nsec == status.st_mtim.tv_nsec;
    };
    {
        const std::lock_guard lock(mutex);
        const auto found = known.find(directory);
        if (found != known.end() && same(found->second->modified)) return found->second;
    }
    auto listing = std::make_shared<Listing>();
    listing->modified = status.st_mtim;
    const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(directory.c_str()), closedir);
    while (const dirent* entry = open ? readdir(open.get()) : nullptr) {
        if (entry->d_name[0] == '.') continue;
        const bool may_be_folder = entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
        if (may_be_folder) listing->folders.emplace_back(entry->d_name);
    }
    std::sort(listing->folders.begin(), listing->folders.end());
    const std::lock_guard lock(mutex);
    known[directory] = listing;
    return listing;
}

}  // namespace

std::vector<std::string> language_order(std::string_view language, std::string_view default_language) {
    std::vector<std::string> order;
    const auto add = [&](std::string_view name) {
        if (!name.empty() && std::find(order.begin(), order.end(), name) == order.end()) order.emplace_back(name);
    };
    for (std::string_view name : {language, default_language}) {
        add(name);
        for (std::size_t at; (at = name.find_last_of("_-")) != std::string_view::npos;) add(name = name.substr(0, at));
    }
    order.emplace_back();
    return order;
}

std::string language_folder(const std::string& directory, std::string_view language) {
    const auto listing = list_folders(directory);
    if (!listing) return {};
    const std::string* likely = nullptr;
    for (const std::string& folder : listing->folders) {
        if (folder == language) return directory + "/" + folder;
        if (!likely && folder.size() > language.size() && folder.starts_with(language) &&
            folder[language.size()] == '_')
            likely = &folder;
    }
    return likely ? directory + "/" + *likely : std::string();
}

}  // namespace jackfield
