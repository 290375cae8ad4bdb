#include "core/config/transaction.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <mutex>

#include "core/config/overlay_files.hpp"

using namespace jackfield;

class ConfigTransactionTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigTransactionTest);
    CPPUNIT_TEST(applies_everything_after_everything_is_prepared);
    CPPUNIT_TEST(one_error_leaves_all_as_it_was);
    CPPUNIT_TEST(a_check_applies_nothing);
    CPPUNIT_TEST(unchanged_files_are_left_alone);
    CPPUNIT_TEST(a_change_in_an_included_file_counts);
    CPPUNIT_TEST(edits_of_equal_length_one_after_the_other_are_changes);
    CPPUNIT_TEST(a_file_that_appears_is_a_change);
    CPPUNIT_TEST(reads_the_alternative_when_the_file_is_missing);
    CPPUNIT_TEST(a_required_file_must_be_there);
    CPPUNIT_TEST(a_user_gone_before_the_commit_is_skipped);
    CPPUNIT_TEST(names_select_modules_and_files);
    CPPUNIT_TEST_SUITE_END();

    std::shared_ptr<MemoryFiles> files_;
    std::unique_ptr<ConfigManager> manager_;
    std::mutex mutex_;
    std::vector<std::string> steps_;

    ConfigUser user(std::string module, std::string file) {
        ConfigUser made;
        made.module = module;
        made.file = std::move(file);
        made.prepare = [this, module](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
            note("prepare " + module);
            const auto value = read.value("general", "x");
            if (value == "bad") findings.error(read.find("general")->find("x")->place(), "x is bad");
            return [this, module, text = std::string(value.value_or("nothing"))] {
                note("apply " + module + " " + text);
            };
        };
        return made;
    }
    void note(std::string step) {
        const std::lock_guard lock(mutex_);
        steps_.push_back(std::move(step));
    }
    // Users prepare at the same time, so that the order among those is nobody's.
    std::string steps() {
        const auto prepares = [](const std::string& step) { return step.starts_with("prepare"); };
        for (auto from = steps_.begin(); from != steps_.end();) {
            from = std::find_if(from, steps_.end(), prepares);
            const auto to = std::find_if_not(from, steps_.end(), prepares);
            std::sort(from, to);
            from = to;
        }
        std::string text = join(steps_, ", ");
        steps_.clear();
        return text;
    }

  public:
    void setUp() override {
        files_ = std::make_shared<MemoryFiles>();
        ParseOptions options;
        options.folder = "/etc";
        manager_ = std::make_unique<ConfigManager>(files_, options);
        steps_.clear();
    }

  private:
    void applies_everything_after_everything_is_prepared() {
        files_->set("/etc/a.conf", "[general]\nx=1\n");
        const auto a = manager_->add(user("A", "a.conf")), b = manager_->add(user("B", "b.conf"));
        CPPUNIT_ASSERT(manager_->reload().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, prepare B, apply A 1, apply B nothing"), steps());
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, manager_->users().size());
    }
    void one_error_leaves_all_as_it_was() {
        files_->set("/etc/a.conf", "[general]\nx=1\n");
        files_->set("/etc/b.conf", "[general]\nx=bad\n");
        const auto a = manager_->add(user("A", "a.conf")), b = manager_->add(user("B", "b.conf"));
        CPPUNIT_ASSERT_EQUAL(std::string("b.conf:2: error: x is bad\n"), manager_->reload().to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, prepare B"), steps());
        files_->set("/etc/b.conf", "[general\n");
        CPPUNIT_ASSERT(manager_->reload().has_errors());
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A"), steps());  // B's file can't even be read
        files_->set("/etc/b.conf", "[general]\nx=2\n");
        CPPUNIT_ASSERT(!manager_->reload().has_errors());
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, prepare B, apply A 1, apply B 2"), steps());
    }
    void a_check_applies_nothing() {
        files_->set("/etc/a.conf", "[general]\nx=bad\n");
        const auto a = manager_->add(user("A", "a.conf"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, manager_->check_all().errors());
        files_->set("/etc/a.conf", "[general]\nx=1\n");
        CPPUNIT_ASSERT(manager_->check_all().empty());
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, prepare A"), steps());
    }
    void unchanged_files_are_left_alone() {
        files_->set("/etc/a.conf", "[general]\nx=1\n");
        const auto a = manager_->add(user("A", "a.conf"));
        manager_->reload();
        steps();
        manager_->reload();
        files_->set("/etc/a.conf", "[general]\nx=1\n");  // a new time, the same text
        auto transaction = manager_->begin();
        transaction.prepare();
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, transaction.unchanged_users());
        CPPUNIT_ASSERT(manager_->commit(std::move(transaction)));
        CPPUNIT_ASSERT_EQUAL(std::string(), steps());
        manager_->reload({}, true);
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A 1"), steps());
        files_->set("/etc/a.conf", "[general]\nx=2\n");
        manager_->reload();
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A 2"), steps());
        manager_->set_options(manager_->options());
        manager_->reload();
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A 2"), steps());
    }
    void a_change_in_an_included_file_counts() {
        files_->set("/etc/a.conf", "[general]\n#include d/*.conf\n");
        files_->set("/etc/d/1.conf", "x=1\n");
        const auto a = manager_->add(user("A", "a.conf"));
        manager_->reload();
        files_->set("/etc/d/1.conf", "x=2\n");
        manager_->reload();
        files_->set("/etc/d/2.conf", "x=3\n");
        manager_->reload();
        files_->remove("/etc/d/2.conf");
        manager_->reload();
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A 1, prepare A, apply A 2, prepare A, apply A 3, prepare A, apply A 2"),
                             steps());
    }
    void edits_of_equal_length_one_after_the_other_are_changes() {
        const auto overlay = std::make_shared<OverlayFiles>(files_);
        ParseOptions options;
        options.folder = "/etc";
        manager_ = std::make_unique<ConfigManager>(overlay, options);
        const auto a = manager_->add(user("A", "a.conf"));
        for (const char digit : {'1', '2', '3'}) {
            overlay->set({{"/etc/a.conf", fmt::format("[general]\nx={}\n", digit)}});
            CPPUNIT_ASSERT(manager_->reload().empty());
            CPPUNIT_ASSERT_EQUAL(fmt::format("prepare A, apply A {}", digit), steps());
        }
    }
    void a_file_that_appears_is_a_change() {
        const auto a = manager_->add(user("A", "a.conf"));
        manager_->reload();
        manager_->reload();
        files_->set("/etc/a.conf", "[general]\nx=1\n");
        manager_->reload();
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A nothing, prepare A, apply A 1"), steps());
    }
    void reads_the_alternative_when_the_file_is_missing() {
        auto made = user("A", "pjsip.conf");
        made.alternatives = {"sip.conf"};
        made.required = true;
        files_->set("/etc/sip.conf", "[general]\nx=sip\n");
        const auto a = manager_->add(made);
        manager_->reload();
        files_->set("/etc/pjsip.conf", "[general]\nx=pjsip\n");
        manager_->reload();
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A sip, prepare A, apply A pjsip"), steps());
    }
    void a_required_file_must_be_there() {
        auto made = user("A", "a.conf");
        made.required = true;
        const auto a = manager_->add(made);
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf: error: the file is missing, and A needs it: copy the sample to /etc\n"),
                             manager_->reload().to_string());
    }
    void a_user_gone_before_the_commit_is_skipped() {
        auto a = manager_->add(user("A", "a.conf"));
        const auto b = manager_->add(user("B", "b.conf"));
        auto transaction = manager_->begin();
        CPPUNIT_ASSERT(!manager_->commit(manager_->begin()));  // not prepared
        transaction.prepare();
        a = {};
        CPPUNIT_ASSERT(manager_->commit(std::move(transaction)));
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, prepare B, apply B nothing"), steps());
    }
    void names_select_modules_and_files() {
        const auto a = manager_->add(user("A", "a.conf")), b = manager_->add(user("B", "b.conf")), c = manager_->add(user("C", "b.conf"));
        manager_->reload({"A"});
        CPPUNIT_ASSERT_EQUAL(std::string("prepare A, apply A nothing"), steps());
        manager_->reload({"b.conf"});
        CPPUNIT_ASSERT_EQUAL(std::string("prepare B, prepare C, apply B nothing, apply C nothing"), steps());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigTransactionTest);
