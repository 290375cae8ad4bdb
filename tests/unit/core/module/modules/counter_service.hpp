// The service that the test module "plain" offers.
#pragma once

#include <string_view>

namespace jackfield {

class CounterService {
  public:
    static constexpr std::string_view service_name = "test.counter";
    virtual ~CounterService() = default;
    virtual int next() = 0;
};

}  // namespace jackfield
