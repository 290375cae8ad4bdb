// The expressions of $[...]: operators, comparisons, regular expressions and arithmetic on long double.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/dialplan/variable_source.hpp"

namespace jackfield {

// The value of the text between $[ and ], after ${...} in it has been replaced. Operators, lowest first:
//   a ? b :: c      |  ||      &  &&      = == != < > <= >=      + -      * / %      ! and unary -      : =~ ~~      (
//   )
// Both sides of every operator are evaluated. Comparisons are numeric when both sides are numbers, else by bytes;
// double quotes belong to the value, except for `:` `=~` and `~~`. NAME(a,b) is a mathematical function (SIN COS TAN
// ASIN ACOS ATAN ATAN2 POW SQRT FLOOR CEIL ROUND RINT TRUNC EXP EXP2 EXP10 LOG LOG2 LOG10 REMAINDER ABS) or a dialplan
// function.
//
// Waits when a dialplan function does. What Asterisk goes on after (a word in a sum, a division by zero, a bad regular
// expression) is told to source.warn and gives Asterisk's value. Errors: invalid with the position for a syntax error
// (a caller that must have a value then takes "0"), or what ended a function's wait.
Result<std::string> evaluate_expression(std::string_view text, VariableSource& source);

// A number as expressions print it: 18 significant digits, no trailing zeros.
std::string format_number(long double value);

}  // namespace jackfield
