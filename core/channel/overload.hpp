// What the machine is short of, while new calls are refused because of it.
#pragma once

namespace jackfield {

enum class Shortage : unsigned char { none, load, memory };  // maxload, minmemfree of jackfield.conf
// Set by core/main, read by drivers whose call was refused (Channel::create with ErrorCode::limit). Control thread.
Shortage& shortage();

}  // namespace jackfield
