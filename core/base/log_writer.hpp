// The engine behind log_sink.hpp: what log.cpp hands lines to. Private to core/base.
#pragma once

#include "core/base/log_sink.hpp"

namespace jackfield::detail {

// Queues the line for the writer, or writes it to stderr and listeners at once while no writer runs. Any thread.
void submit_log_line(const LogLine& line);

}  // namespace jackfield::detail
