// Runs every CppUnit suite that is linked in; arguments select suites or tests by a part of their name.
#include <cppunit/BriefTestProgressListener.h>
#include <cppunit/CompilerOutputter.h>
#include <cppunit/Test.h>
#include <cppunit/TestResult.h>
#include <cppunit/TestResultCollector.h>
#include <cppunit/extensions/TestFactoryRegistry.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    const std::unique_ptr<CppUnit::Test> all(CppUnit::TestFactoryRegistry::getRegistry().makeTest());
    std::vector<CppUnit::Test*> wanted;
    std::function<void(CppUnit::Test*)> pick = [&](CppUnit::Test* test) {
        for (int i = 1; i < argc; ++i)
            if (test->getName().find(argv[i]) != std::string::npos) return wanted.push_back(test);
        for (int i = 0; i < test->getChildTestCount(); ++i) pick(test->getChildTestAt(i));
    };
    if (argc > 1)
        pick(all.get());
    else
        wanted.push_back(all.get());

    CppUnit::TestResult controller;
    CppUnit::TestResultCollector result;
    CppUnit::BriefTestProgressListener progress;
    controller.addListener(&result);
    controller.addListener(&progress);
    for (CppUnit::Test* test : wanted) test->run(&controller);
    CppUnit::CompilerOutputter(&result, std::cerr).write();
    if (result.runTests() == 0) {
        std::cerr << "no test was run\n";
        return 2;
    }
    return result.wasSuccessful() ? 0 : 1;
}
