// Times and spans of time as commands print them. Pure; any thread.
#pragma once

#include <chrono>
#include <string>

#include "core/base/clock.hpp"

namespace jackfield {

std::string date_text(WallTime time);                       // "2026-01-01 00:00:00", local time
std::string span_text(std::chrono::seconds span);           // "2 hours, 5 minutes, 1 second"
std::string clock_text(std::chrono::seconds span);          // "02:05:01"

}  // namespace jackfield
