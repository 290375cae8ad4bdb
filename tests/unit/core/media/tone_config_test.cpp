#include "core/media/tone_config.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include <algorithm>
#include <set>

using namespace jackfield;

namespace {

std::shared_ptr<const ToneZones> read(const std::string& text, Diagnostics& findings) {
    const MemoryFiles files;
    return read_tone_zones(parse_config_text("indications.conf", text, files, {}, findings), findings);
}

}  // namespace

class ToneConfigTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(ToneConfigTest);
    CPPUNIT_TEST(reads_countries_tones_and_cadences);
    CPPUNIT_TEST(an_alias_takes_the_tones_of_another);
    CPPUNIT_TEST(mistakes_are_named_with_their_line);
    CPPUNIT_TEST(the_sample_file_is_right_and_covers_the_world);
    CPPUNIT_TEST_SUITE_END();

    void reads_countries_tones_and_cadences() {
        Diagnostics findings;
        const auto zones = read(
            "[general]\ncountry=fr\n[fr]\ndescription = France\nringcadence = 1500,3500\n"
            "dial = 440\nbusy = 440/500,0/500\n[de]\ndial=425\n",
            findings);
        CPPUNIT_ASSERT_MESSAGE(findings.to_string(), findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("fr"), zones->default_country);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, zones->zones.size());
        CPPUNIT_ASSERT(zones->zones[0].ring_cadence == (std::vector<unsigned>{1500, 3500}));
        CPPUNIT_ASSERT_EQUAL(std::string("France"), zones->zones[0].description);
        CPPUNIT_ASSERT_EQUAL(std::string("440/500,0/500"), *zones->find("de", "busy"));
    }
    void an_alias_takes_the_tones_of_another() {
        Diagnostics findings;
        const auto zones = read("[ca]\nalias = us\n[us]\ndial = 350+440\nringcadence = 2000,4000\n", findings);
        CPPUNIT_ASSERT_MESSAGE(findings.to_string(), findings.empty());
        CPPUNIT_ASSERT_EQUAL(std::string("350+440"), *zones->find("ca", "dial"));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, zones->zones[0].ring_cadence.size());
    }
    void mistakes_are_named_with_their_line() {
        Diagnostics findings;
        read(
            "[general]\ncountry = frr\nlevel = 3\n[fr]\ndial = 440/abc\nringcadence = 1,2,x\n[de]\nringcadence = 1\n"
            "[it]\nalias = zz\n[fr]\ndial=1\n",
            findings);
        std::set<std::uint32_t> lines;
        for (const Diagnostic& one : findings.list()) lines.insert(one.line);
        CPPUNIT_ASSERT_MESSAGE(findings.to_string(), lines == (std::set<std::uint32_t>{2, 3, 5, 6, 8, 10, 11}));
        CPPUNIT_ASSERT(findings.to_string().find("[fr]") != std::string::npos);  // nearest country
    }
    void the_sample_file_is_right_and_covers_the_world() {
        Diagnostics findings;
        const DiskFiles files;
        const auto file = parse_config(JF_SOURCE_DIR "/configs/indications.conf", files, {}, findings);
        CPPUNIT_ASSERT(file.exists());
        const auto zones = read_tone_zones(file, findings);
        CPPUNIT_ASSERT_MESSAGE(findings.to_string(), findings.empty());
        CPPUNIT_ASSERT(zones->zones.size() >= 25);
        for (const ToneZone& zone : zones->zones) {
            CPPUNIT_ASSERT_MESSAGE(zone.country, !zone.description.empty() && zone.ring_cadence.size() >= 2);
            for (const char* tone :
                 {"dial", "busy", "ring", "congestion", "callwaiting", "dialrecall", "record", "info", "stutter"})
                CPPUNIT_ASSERT_MESSAGE(zone.country + " " + tone,
                                       std::any_of(zone.tones.begin(), zone.tones.end(),
                                                   [&](const auto& known) { return known.first == tone; }));
        }
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(ToneConfigTest);
