// Puts numbered entries into the database named on the command line and prints each number when put() has come back.
#include <cstdio>

#include "core/module/database.hpp"
#include "core/runtime/control.hpp"
#include "core/runtime/fiber.hpp"

using namespace jackfield;

int main(int, char** arguments) {
    ControlLoop loop;
    auto database = Database::open(arguments[1]);
    if (!database) return 1;
    const auto started = spawn({.name = "writer"}, [&] {
        for (int number = 0;; ++number) {
            if (!(*database)->put("numbers", std::to_string(number), "value " + std::to_string(number))) return;
            std::printf("%d\n", number);
            std::fflush(stdout);
        }
    });
    if (!started) return 1;
    loop.run();
    return 0;
}
