#include "core/config/parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <chrono>

using namespace jackfield;

namespace {

struct Parsed {
    ConfigFile file;
    Diagnostics findings;
};

Parsed parse(std::string text, MemoryFiles files = {}, ParseOptions options = {}) {
    Parsed parsed;
    options.folder = "/etc";
    files.set("/etc/a.conf", std::move(text));
    parsed.file = parse_config("a.conf", files, options, parsed.findings);
    return parsed;
}

// "key=value key=value" of a section, inherited ones marked by ^.
std::string shown(const ConfigCategory& category) {
    std::string text;
    for (const auto& entry : category.entries()) {
        if (!text.empty()) text += ' ';
        text += fmt::format("{}{}={}", entry.inherited ? "^" : "", entry.key, entry.value);
    }
    return text;
}

std::string first_error(const Parsed& parsed) {
    for (const auto& finding : parsed.findings.list())
        if (finding.severity == Severity::error) return finding.to_string();
    return {};
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

class ConfigParserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ConfigParserTest);
    CPPUNIT_TEST(reads_settings_with_their_places);
    CPPUNIT_TEST(sections_of_one_name_stay_apart);
    CPPUNIT_TEST(comments_end_lines_and_escapes_keep_semicolons);
    CPPUNIT_TEST(block_comments_nest);
    CPPUNIT_TEST(templates_give_their_settings_first);
    CPPUNIT_TEST(additions_go_to_the_section_meant);
    CPPUNIT_TEST(plus_equals_appends_to_the_last_value);
    CPPUNIT_TEST(includes_continue_the_open_section);
    CPPUNIT_TEST(include_globs_are_sorted_and_remembered);
    CPPUNIT_TEST(a_missing_include_is_an_error_and_a_tried_one_is_not);
    CPPUNIT_TEST(include_loops_and_depth_end);
    CPPUNIT_TEST(exec_runs_only_when_allowed);
    CPPUNIT_TEST(errors_name_file_line_and_remedy);
    CPPUNIT_TEST(a_missing_file_is_empty_without_findings);
    CPPUNIT_TEST(a_byte_order_mark_and_cr_lf_do_no_harm);
    CPPUNIT_TEST(inheritance_that_doubles_hits_the_limit);
    CPPUNIT_TEST(files_that_include_each_other_twice_hit_the_limit);
    CPPUNIT_TEST(hostile_text_only_makes_findings);
    CPPUNIT_TEST(reads_from_the_disk_and_refuses_what_is_no_file);
    CPPUNIT_TEST(reads_a_hundred_thousand_sections);
    CPPUNIT_TEST_SUITE_END();

    void reads_settings_with_their_places() {
        const auto parsed = parse("[general]\n\nport = 5060\n  exten => 1,1,Answer()  \nempty =\na=b=c\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        const auto& general = *parsed.file.find("GENERAL");
        CPPUNIT_ASSERT_EQUAL(std::string("port=5060 exten=1,1,Answer() empty= a=b=c"), shown(general));
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf:3"), general.find("PORT")->place().to_string());
        CPPUNIT_ASSERT(general.entries()[1].op == ConfigOperator::arrow);
        CPPUNIT_ASSERT(parsed.file.value("general", "a") == "b=c");
        CPPUNIT_ASSERT(!parsed.file.value("general", "none") && !parsed.file.value("none", "a"));
    }
    void sections_of_one_name_stay_apart() {
        const auto parsed = parse("[1]\ntype=endpoint\n[1]\ntype=auth\ntype=last\n[1](!)\n");
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, parsed.file.categories().size());
        CPPUNIT_ASSERT(parsed.file.find("1")->value("type") == "endpoint");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, parsed.file.find_all("1").size());
        CPPUNIT_ASSERT(parsed.file.find_all("1")[1]->value("type") == "last");  // later lines override
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, parsed.file.categories()[1].values("Type").size());
    }
    void comments_end_lines_and_escapes_keep_semicolons() {
        const auto parsed = parse("; all\n[a] ; name\nx = 1;2\ny = 1\\;2 ; rest\n;-----\nz = \\;\n\\#k = v\n\\[s] = w\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("x=1 y=1;2 z=; #k=v [s]=w"), shown(*parsed.file.find("a")));
    }
    void block_comments_nest() {
        auto parsed = parse("[a]\nx = 1 ;-- gone --; 2\n;-- out\ny = 1\n;-- in --;\nz = 1\n--; w = 1\n");
        CPPUNIT_ASSERT_EQUAL(std::string("x=1  2 w=1"), shown(*parsed.file.find("a")));
        parsed = parse("[a]\nx=1\n;-- open\ny=2\n");
        CPPUNIT_ASSERT_EQUAL(std::string("x=1"), shown(*parsed.file.find("a")));
        CPPUNIT_ASSERT(contains(first_error(parsed), "a.conf:3: error: the comment"));
    }
    void templates_give_their_settings_first() {
        const auto parsed = parse("[t](!)\nx=1\ny=1\n[u](!,t)\ny=2\n[c](u,t)\nz=3\n[d](c)\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1 ^y=1 ^y=2 ^x=1 ^y=1 z=3"), shown(*parsed.file.find("c")));
        CPPUNIT_ASSERT(parsed.file.find("d")->value("z") == "3");
        CPPUNIT_ASSERT(!parsed.file.find("t"));
        CPPUNIT_ASSERT(parsed.file.find("c")->bases()[0] == "u");
        const auto lost = parse("[tmpl](!)\nx=1\n[c](tmlp)\ny=1\n");
        CPPUNIT_ASSERT(contains(first_error(lost), "a.conf:3: error: no section [tmlp]") &&
                       contains(first_error(lost), "did you mean [tmpl]?"));
    }
    void additions_go_to_the_section_meant() {
        const auto parsed = parse("[t](!)\nq=9\n[a]\ntype=x\n[a]\ntype=y\n[b]\n[a](+)\nk=1\n[a](+type=y)\nk=2\n[a](+,t)\nm=3\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("type=x k=1 ^q=9 m=3"), shown(*parsed.file.find_all("a")[0]));
        CPPUNIT_ASSERT_EQUAL(std::string("type=y k=2"), shown(*parsed.file.find_all("a")[1]));
        const auto lost = parse("[a]\nx=1\n[b](+)\ny=2\n");
        CPPUNIT_ASSERT(contains(first_error(lost), "a.conf:3: error: no section [b]"));
        CPPUNIT_ASSERT_EQUAL(std::string("x=1"), shown(*lost.file.find("a")));
        // A template's additions reach only those who inherit later.
        const auto order = parse("[t](!)\nx=1\n[a](t)\n[t](+)\ny=2\n[b](t)\n");
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1"), shown(*order.file.find("a")));
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1 ^y=2"), shown(*order.file.find("b")));
    }
    void plus_equals_appends_to_the_last_value() {
        const auto parsed = parse("[t](!)\nx=1\n[a](t)\nx += ,2\nx += ,3\nnew += v\n[b](t)\n");
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1 ,2 ,3 new=v"), shown(*parsed.file.find("a")));
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1"), shown(*parsed.file.find("b")));
    }
    void includes_continue_the_open_section() {
        MemoryFiles files;
        files.set("/etc/sub/b.conf", "y=2\n[z]\nq=1\n");
        files.set("/abs.conf", "w=4");
        const auto parsed = parse("[a]\nx=1\n#include \"sub/b.conf\"\nr=3\n#include </abs.conf>\nlast=5\n", files);
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("x=1 y=2"), shown(*parsed.file.find("a")));
        CPPUNIT_ASSERT_EQUAL(std::string("q=1 r=3 w=4 last=5"), shown(*parsed.file.find("z")));
        CPPUNIT_ASSERT_EQUAL(std::string("sub/b.conf:1"), parsed.file.find("a")->find("y")->place().to_string());
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf:4"), parsed.file.find("z")->find("r")->place().to_string());
        CPPUNIT_ASSERT_EQUAL(std::size_t{3}, parsed.file.sources().size());
    }
    void include_globs_are_sorted_and_remembered() {
        MemoryFiles files;
        files.set("/etc/d/2.conf", "[two]");
        files.set("/etc/d/1.conf", "[one]");
        files.set("/etc/d/x.txt", "[no]");
        const auto parsed = parse("#include d/*.conf\n#tryinclude none/*.conf\n", files);
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT(parsed.file.categories()[0].name() == "one" && parsed.file.categories()[1].name() == "two");
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, parsed.file.patterns().size());
        CPPUNIT_ASSERT(contains(first_error(parse("#include none/*.conf\n")), "no file matches"));
    }
    void a_missing_include_is_an_error_and_a_tried_one_is_not() {
        CPPUNIT_ASSERT(contains(first_error(parse("[a]\n#include none.conf\n")), "a.conf:2: error: can't read /etc/none.conf"));
        const auto parsed = parse("#tryinclude none.conf\n[a]\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT(parsed.file.sources()[1].missing);
        CPPUNIT_ASSERT(contains(first_error(parse("#include\n")), "needs a name"));
        CPPUNIT_ASSERT(contains(first_error(parse("#inclde x\n")), "unknown directive #inclde"));
    }
    void include_loops_and_depth_end() {
        MemoryFiles files;
        files.set("/etc/b.conf", "#include a.conf\n");
        CPPUNIT_ASSERT(contains(first_error(parse("#include b.conf\n", files)), "b.conf:1: error: /etc/a.conf includes itself"));
        for (int i = 0; i < 100; ++i) files.set(fmt::format("/etc/{}", i), fmt::format("#include {}\n", i + 1));
        CPPUNIT_ASSERT(contains(first_error(parse("#include 0\n", files)), "nested more than 32 deep"));
    }
    void exec_runs_only_when_allowed() {
        CPPUNIT_ASSERT(contains(first_error(parse("#exec /bin/x\n")), "execincludes"));
        ParseOptions options;
        options.exec = [](const std::string& command) -> Result<std::string> {
            if (command != "/bin/x y") return fail(ErrorCode::failed, "exit code 1");
            return "[made]\nx=1\n";
        };
        const auto parsed = parse("#exec \"/bin/x y\"\n", {}, options);
        CPPUNIT_ASSERT(parsed.findings.empty() && parsed.file.used_exec());
        CPPUNIT_ASSERT_EQUAL(std::string("#exec /bin/x y:2"), parsed.file.find("made")->find("x")->place().to_string());
        CPPUNIT_ASSERT(contains(first_error(parse("#exec z\n", {}, options)), "exit code 1"));
    }
    void errors_name_file_line_and_remedy() {
        CPPUNIT_ASSERT_EQUAL(std::string("a.conf:1: error: the setting \"x\" stands before any [section]"),
                             first_error(parse("x=1\n")));
        CPPUNIT_ASSERT(contains(first_error(parse("[a]\nhello\n")), "a.conf:2: error: no = in the line"));
        CPPUNIT_ASSERT(contains(first_error(parse("[a\n")), "no closing ]"));
        CPPUNIT_ASSERT(contains(first_error(parse("[a](b\n")), "no closing )"));
        CPPUNIT_ASSERT(contains(first_error(parse("[a] b\n")), "text after the section's ]"));
        CPPUNIT_ASSERT(contains(first_error(parse("[]\n")), "has no name"));
        CPPUNIT_ASSERT(contains(first_error(parse("[a]\n=1\n")), "nothing stands before the ="));
        const auto many = parse("[a]\n" + std::string(20000, '\n') + "x\n");
        CPPUNIT_ASSERT(contains(first_error(many), "a.conf:20002:"));
    }
    void a_missing_file_is_empty_without_findings() {
        Diagnostics findings;
        const auto file = parse_config("none.conf", MemoryFiles(), {}, findings);
        CPPUNIT_ASSERT(!file.exists() && findings.empty() && file.categories().empty());
    }
    void a_byte_order_mark_and_cr_lf_do_no_harm() {
        const auto parsed = parse("\xef\xbb\xbf[a]\r\nx = 1\r\n\r\n[b](a)\r\n");
        CPPUNIT_ASSERT(parsed.findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("^x=1"), shown(*parsed.file.find("b")));
    }
    void inheritance_that_doubles_hits_the_limit() {
        std::string text = "[s0]\nx=1\n";
        for (int i = 1; i < 64; ++i) text += fmt::format("[s{}](s{},s{})\n", i, i - 1, i - 1);
        ParseOptions options;
        options.entries = 100'000;
        CPPUNIT_ASSERT(contains(first_error(parse(text, {}, options)), "more than 100000 sections and settings"));
    }
    void files_that_include_each_other_twice_hit_the_limit() {
        MemoryFiles files;
        for (int i = 0; i < 30; ++i) files.set(fmt::format("/etc/{}", i), fmt::format("#include {}\n#include {}\n", i + 1, i + 1));
        files.set("/etc/30", "");
        ParseOptions options;
        options.total_bytes = 1'000'000;
        CPPUNIT_ASSERT(contains(first_error(parse("#include 0\n", files, options)), "more than 1000000 bytes"));
        files.set("/etc/big", std::string(2'000'000, ';'));
        options.file_bytes = 1'000'000;
        CPPUNIT_ASSERT(contains(first_error(parse("#include big\n", files, options)), "larger than 1000000 bytes"));
    }
    void hostile_text_only_makes_findings() {
        for (const std::string& text : {std::string("\0\0[\0]\n\0=\0\n", 11), std::string("]["), std::string("[a](+,+,!,!,a)\n"),
                                       std::string("[a](,,,)\n=\n+=\n=>\n"), std::string(100'000, '['), std::string(100'000, ';'),
                                       std::string("[a](a)\n"), std::string("\\"), std::string("[a]\n\\=\\\n"), std::string("#\n#\"\n#<\n")})
            parse(text);
        std::string deep;
        for (int i = 0; i < 100'000; ++i) deep += ";-- ";
        CPPUNIT_ASSERT(parse(deep).findings.has_errors());
        std::string wrong;
        for (int i = 0; i < 50'000; ++i) wrong += "x\n";
        const auto parsed = parse(wrong);
        CPPUNIT_ASSERT_EQUAL(std::size_t{50'000}, parsed.findings.errors());
        CPPUNIT_ASSERT_EQUAL(Diagnostics::most_kept, parsed.findings.list().size());
    }
    void reads_from_the_disk_and_refuses_what_is_no_file() {
        const DiskFiles disk;
        CPPUNIT_ASSERT(disk.read("/no/such/file", 10).error().code == ErrorCode::not_found);
        CPPUNIT_ASSERT(disk.read("/dev/null", 10).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(disk.read("/etc", 10).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(disk.read("/etc/passwd", 3).error().code == ErrorCode::limit);
        const auto content = disk.read("/etc/passwd", 1'000'000);
        CPPUNIT_ASSERT(content && contains(content->text, "root:"));
        CPPUNIT_ASSERT(*disk.stamp("/etc/passwd") == content->stamp);
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, disk.expand("/etc/pass[w]d").size());
    }
    void reads_a_hundred_thousand_sections() {
        std::string text = "[t](!)\ntype=endpoint\ncontext=in\nallow=!all,ulaw\ndirect_media=no\n";
        for (int i = 0; i < 100'000; ++i)
            text += fmt::format("[{}](t)\nauth={} ; comment\naors={}\n", i, i, i);
        const auto start = std::chrono::steady_clock::now();
        const auto parsed = parse(std::move(text));
        const auto took = std::chrono::steady_clock::now() - start;
        fmt::print(stderr, " ({} ms) ", std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
        CPPUNIT_ASSERT_EQUAL(std::size_t{100'001}, parsed.file.categories().size());
        CPPUNIT_ASSERT(parsed.file.find("99999")->value("context") == "in");
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(ConfigParserTest);
