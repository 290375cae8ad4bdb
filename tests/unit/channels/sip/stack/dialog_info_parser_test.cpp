// Dialog-info documents that others send.
#include "channels/sip/stack/dialog_info_parser.hpp"

#include <cppunit/extensions/HelperMacros.h>

#include "channels/sip/stack/event_bodies.hpp"

using namespace jackfield;
using namespace jackfield::sip;

namespace {

class DialogInfoParserTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(DialogInfoParserTest);
    CPPUNIT_TEST(reads_what_we_write);
    CPPUNIT_TEST(reads_a_partial_document);
    CPPUNIT_TEST(refuses_what_is_none);
    CPPUNIT_TEST_SUITE_END();

    void reads_what_we_write() {
        DialogView held{.id = "6001", .state = DialogView::State::confirmed, .on_hold = true};
        DialogView ringing{.id = "x", .state = DialogView::State::early, .direction = DialogView::Direction::recipient};
        const DialogView all[] = {held, ringing};
        const auto read = parse_dialog_info(dialog_info_body("sip:6001@h", 7, all));
        CPPUNIT_ASSERT(read);
        using State = ReadDialogInfo::Dialog::State;
        CPPUNIT_ASSERT(read->full && read->version == 7 && read->dialogs.size() == 2);
        CPPUNIT_ASSERT(read->dialogs[0].id == "6001" && read->dialogs[0].on_hold && read->dialogs[0].state == State::confirmed);
        CPPUNIT_ASSERT(read->dialogs[1].recipient && !read->dialogs[1].on_hold && read->dialogs[1].state == State::early);
    }

    void reads_a_partial_document() {
        const auto read = parse_dialog_info("<d:dialog-info xmlns:d='urn:ietf:params:xml:ns:dialog-info' version='0' state='partial' entity='sip:a@h'>"
                                            "<d:dialog id='1'><d:state>proceeding</d:state></d:dialog><other/></d:dialog-info>");
        CPPUNIT_ASSERT(read && !read->full && read->dialogs.size() == 1);
        CPPUNIT_ASSERT(read->dialogs[0].state == ReadDialogInfo::Dialog::State::proceeding);
    }

    void refuses_what_is_none() {
        std::string many = "<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='0' state='full'>";
        for (std::size_t i = 0; i <= most_dialogs; ++i) many += "<dialog id='1'/>";
        for (const std::string& text : {std::string(), std::string("nonsense"), std::string("<dialog-info/>"),
                                        std::string("<dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' state='full'/>"),
                                        std::string("<!DOCTYPE x><dialog-info xmlns='urn:ietf:params:xml:ns:dialog-info' version='0'/>"),
                                        many + "</dialog-info>", std::string(longest_dialog_info + 1, ' ')})
            CPPUNIT_ASSERT(!parse_dialog_info(text));
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(DialogInfoParserTest);

}  // namespace
