// Writes small XML documents (presence, dialog-info, resource lists). Pure; one thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::sip {

// Text and attribute values are escaped; bytes that XML 1.0 does not allow, or that are no UTF-8, become U+FFFD. Names are
// the caller's literals.
class XmlWriter {
  public:
    using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;  // those without a value are left out

    XmlWriter();
    XmlWriter& open(std::string_view name, Attributes attributes = {});
    XmlWriter& close();  // the one opened last
    XmlWriter& element(std::string_view name, std::string_view text, Attributes attributes = {});  // <name/> without text
    std::string finish();  // closes all that is open

  private:
    void begin(std::string_view name, Attributes attributes);
    void indent();

    std::string text_;
    std::vector<std::string> open_;
};

std::string xml_escape(std::string_view text);

}  // namespace jackfield::sip
