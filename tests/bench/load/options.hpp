// Command line of the load generator: --name value pairs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace bench {

/// The words after the sub-command. A name that the program never asked for ends it with a message (see done()).
class Options {
  public:
    Options(int count, char** words);
    std::string text(const std::string& name, const std::string& otherwise);
    double number(const std::string& name, double otherwise);
    bool given(const std::string& name);
    /// Ends the program when a name was given that nobody asked for.
    void done() const;

  private:
    std::map<std::string, std::string> values_;
    std::set<std::string> known_;
};

}  // namespace bench
