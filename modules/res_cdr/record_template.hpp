// The service interface of res_cdr: lines of mapping files, such as ${CSV_QUOTE(${CDR(clid)})}, filled in for a record.
#pragma once

#include <string>
#include <string_view>

#include "core/config/diagnostics.hpp"
#include "core/config/parser.hpp"
#include "core/dialplan/template.hpp"
#include "modules/res_cdr/record.hpp"

namespace jackfield {

// Knows CDR(name[,options]), CSV_QUOTE() and QUOTE(); for CEL also CHANNEL(), CALLERID() and the variables eventtype,
// eventtime, eventenum, eventextra, userdeftype, BRIDGEPEER. Records are written by threads of their own, so the other
// functions of the dialplan are not at hand: an error in the file. Immutable; any thread.
class RecordTemplate {
  public:
    RecordTemplate() = default;
    // `entry`: for findings.
    RecordTemplate(std::string_view text, const ConfigEntry& entry, Diagnostics& findings);
    std::string fill(const Record& record, const RecordTime& style = {}) const;

  private:
    Template template_;
};

}  // namespace jackfield
