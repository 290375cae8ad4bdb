// Music on hold: the core asks for a source by class; a module (res_musiconhold) provides it.
#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/media/source.hpp"
#include "core/module/module.hpp"

namespace jackfield {

class MusicProvider {
  public:
    virtual ~MusicProvider() = default;
    // A source that never ends, in a codec as near to `wanted` as it has. Waits at most for the first file.
    // Errors: not_found, naming the class and the nearest one.
    virtual Result<std::unique_ptr<Source>> open(const std::string& music_class, const Codec* wanted) = 0;
};
Result<Registration> register_in(Module& module, MusicProvider& provider);
// Falls back to class "default", then to silence with a warning; so it always gives something to play.
Result<std::unique_ptr<Source>> open_music(const std::string& music_class, const Codec* wanted);

}  // namespace jackfield
