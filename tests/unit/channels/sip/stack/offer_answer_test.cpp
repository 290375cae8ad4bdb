// Offer and answer.
#include "channels/sip/stack/offer_answer.hpp"

#include <array>

#include <algorithm>

#include <cppunit/extensions/HelperMacros.h>

using namespace jackfield;
using namespace jackfield::sip;

namespace {

const SdpCodec ulaw{"PCMU", 8000, 1, 0, ""}, alaw{"PCMA", 8000, 1, 8, ""}, g722{"G722", 8000, 1, 9, ""},
    opus{"opus", 48000, 2, 107, "useinbandfec=1"}, events{"telephone-event", 8000, 1, 101, "0-16"};

LocalDescription local(std::vector<SdpCodec> codecs) {
    LocalDescription description{.connection = {"192.0.2.1", false}};
    description.media.push_back({.port = 10000, .codecs = std::move(codecs)});
    return description;
}

SdpSession offer(std::string_view media, std::string_view address = "192.0.2.9") {
    auto session = parse_sdp("v=0\no=- 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 " + std::string(address) + "\nt=0 0\n" +
                             std::string(media));
    CPPUNIT_ASSERT_MESSAGE(session ? "" : session.error().text, session.has_value());
    return *session;
}

std::string line_of(const SdpSession& session, std::size_t index) {
    const std::string text = write_sdp(session);
    std::size_t at = 0;
    for (std::size_t i = 0; i <= index; ++i) at = text.find("\r\nm=", at) + 2;
    return text.substr(at, text.find("\r\n", at) - at);
}

class OfferAnswerTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(OfferAnswerTest);
    CPPUNIT_TEST(answers_in_the_order_of_the_offer);
    CPPUNIT_TEST(or_in_the_local_order);
    CPPUNIT_TEST(takes_the_numbers_of_the_offer);
    CPPUNIT_TEST(gives_one_codec_when_told);
    CPPUNIT_TEST(nothing_in_common_is_an_error);
    CPPUNIT_TEST(events_alone_are_no_medium);
    CPPUNIT_TEST(further_media_are_refused_in_place);
    CPPUNIT_TEST(holds_are_seen_and_mirrored);
    CPPUNIT_TEST(the_old_hold_is_seen);
    CPPUNIT_TEST(no_address_yet_is_no_hold_under_ice);
    CPPUNIT_TEST(an_own_hold_is_kept);
    CPPUNIT_TEST(secured_media_need_secured_ones);
    CPPUNIT_TEST(feedback_profiles_are_answered_in_kind);
    CPPUNIT_TEST(rtcp_goes_where_it_was_told);
    CPPUNIT_TEST(t38_is_answered);
    CPPUNIT_TEST(an_answer_settles_the_offer);
    CPPUNIT_TEST(a_bad_answer_is_refused);
    CPPUNIT_TEST(a_new_offer_keeps_places_and_numbers);
    CPPUNIT_TEST(a_removed_stream_keeps_its_place);
    CPPUNIT_TEST(lines_are_kept_for_their_streams);
    CPPUNIT_TEST(redundant_text_names_the_numbers_of_its_own_description);
    CPPUNIT_TEST(h264_profiles_must_agree);
    CPPUNIT_TEST(comfort_noise_is_answered_when_it_was_offered);
    CPPUNIT_TEST(extended_reports_are_offered_when_wanted_and_answered_when_offered);
    CPPUNIT_TEST(the_version_counts_changes_only);
    CPPUNIT_TEST(bundled_media_are_offered_without_a_port_and_with_numbers_of_their_own);
    CPPUNIT_TEST_SUITE_END();

  public:
    void answers_in_the_order_of_the_offer() {
        const auto answer = make_answer(local({ulaw, alaw, events}), offer("m=audio 4000 RTP/AVP 8 9 0 101\n"
                                                                           "a=rtpmap:101 telephone-event/8000\n"));
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 8 0 101"), line_of(answer->description, 0));
        const NegotiatedMedia& media = answer->media[0];
        CPPUNIT_ASSERT(media.accepted());
        CPPUNIT_ASSERT_EQUAL(std::string("PCMA"), media.codecs[0].codec.name);
        CPPUNIT_ASSERT_EQUAL(std::size_t(2), media.codecs.size());
        CPPUNIT_ASSERT_EQUAL(101, int(media.telephone_event->send_payload_type));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.9"), media.remote.address);
        CPPUNIT_ASSERT_EQUAL(4000, int(media.remote_port));
        CPPUNIT_ASSERT_EQUAL(4001, int(media.remote_rtcp_port));
        CPPUNIT_ASSERT(media.direction == Direction::sendrecv && !media.held);
    }

    void or_in_the_local_order() {
        LocalDescription mine = local({ulaw, alaw});
        mine.order = CodecOrder::local;
        const auto answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 8 9 0\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0 8"), line_of(answer->description, 0));
    }

    void takes_the_numbers_of_the_offer() {
        const auto answer =
            make_answer(local({opus, events}),
                        offer("m=audio 4000 RTP/AVP 111 126\na=rtpmap:111 OPUS/48000/2\na=fmtp:111 stereo=1\n"
                              "a=rtpmap:126 telephone-event/8000\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 111 126"), line_of(answer->description, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("stereo=1"), answer->media[0].codecs[0].codec.fmtp);
        CPPUNIT_ASSERT_EQUAL(111, int(answer->media[0].codecs[0].receive_payload_type));
        CPPUNIT_ASSERT(write_sdp(answer->description).find("a=fmtp:111 useinbandfec=1\r\n") != std::string::npos);
        CPPUNIT_ASSERT(write_sdp(answer->description).find("a=fmtp:126 0-16\r\n") != std::string::npos);
    }

    void gives_one_codec_when_told() {
        LocalDescription mine = local({ulaw, alaw, events});
        mine.most_codecs = 1;
        const auto answer =
            make_answer(mine, offer("m=audio 4000 RTP/AVP 8 0 101\na=rtpmap:101 telephone-event/8000\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 8 101"), line_of(answer->description, 0));
    }

    void nothing_in_common_is_an_error() {
        CPPUNIT_ASSERT(make_answer(local({ulaw}), offer("m=audio 4000 RTP/AVP 18\n")).error().code ==
                       ErrorCode::unsupported);
        CPPUNIT_ASSERT(make_answer(local({ulaw}), offer("m=audio 0 RTP/AVP 0\n")).error().code ==
                       ErrorCode::unsupported);
        CPPUNIT_ASSERT(make_answer(local({ulaw}), offer("m=video 4000 RTP/AVP 0\n")).error().code ==
                       ErrorCode::unsupported);
    }

    void events_alone_are_no_medium() {
        CPPUNIT_ASSERT(
            !make_answer(local({ulaw, events}), offer("m=audio 4000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n"))
                 .has_value());
    }

    void further_media_are_refused_in_place() {
        const auto answer = make_answer(
            local({ulaw}), offer("m=video 4004 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/AVP 0 8\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("m=video 0 RTP/AVP 31"), line_of(answer->description, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0"), line_of(answer->description, 1));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 0 RTP/AVP 0 8"), line_of(answer->description, 2));
        CPPUNIT_ASSERT(!answer->media[0].accepted() && answer->media[1].accepted() && !answer->media[2].accepted());
    }

    void holds_are_seen_and_mirrored() {
        for (const auto& [theirs, ours, held] :
             {std::tuple{"sendonly", Direction::recvonly, true}, std::tuple{"inactive", Direction::inactive, true},
              std::tuple{"recvonly", Direction::sendonly, false}, std::tuple{"sendrecv", Direction::sendrecv, false}}) {
            const auto answer =
                make_answer(local({ulaw}), offer("m=audio 4000 RTP/AVP 0\na=" + std::string(theirs) + "\n"));
            CPPUNIT_ASSERT(answer->media[0].direction == ours);
            CPPUNIT_ASSERT(answer->description.media[0].direction == ours);
            CPPUNIT_ASSERT_EQUAL(held, answer->media[0].held);
        }
    }

    void the_old_hold_is_seen() {
        const auto answer = make_answer(local({ulaw}), offer("m=audio 4000 RTP/AVP 0\n", "0.0.0.0"));
        CPPUNIT_ASSERT(answer->media[0].held);
        CPPUNIT_ASSERT(answer->media[0].direction == Direction::recvonly);
        CPPUNIT_ASSERT(answer->media[0].remote.is_null());
    }

    void no_address_yet_is_no_hold_under_ice() {
        const auto answer = make_answer(local({ulaw}), offer("m=audio 9 RTP/AVP 0\na=ice-ufrag:abcd\na=ice-pwd:0123456789012345678901\n", "0.0.0.0"));
        CPPUNIT_ASSERT(answer && !answer->media[0].held && answer->media[0].direction == Direction::sendrecv);
    }
    void an_own_hold_is_kept() {
        LocalDescription mine = local({ulaw});
        mine.media[0].direction = Direction::sendonly;
        CPPUNIT_ASSERT(make_answer(mine, offer("m=audio 4000 RTP/AVP 0\n"))->media[0].direction == Direction::sendonly);
        CPPUNIT_ASSERT(make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=sendonly\n"))->media[0].direction ==
                       Direction::inactive);
    }

    void secured_media_need_secured_ones() {
        CPPUNIT_ASSERT(!make_answer(local({ulaw}), offer("m=audio 4000 RTP/SAVP 0\n")).has_value());
    }

    void feedback_profiles_are_answered_in_kind() {
        const auto answer = make_answer(local({ulaw}), offer("m=audio 4000 RTP/AVPF 0\n"));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVPF 0"), line_of(answer->description, 0));
    }

    void rtcp_goes_where_it_was_told() {
        LocalDescription mine = local({ulaw});
        mine.media[0].rtcp_mux = true;
        const auto muxed = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n"));
        CPPUNIT_ASSERT(muxed->media[0].rtcp_mux && muxed->description.media[0].rtcp_mux);
        const auto apart = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=rtcp:5000 IN IP4 192.0.2.77\n"));
        CPPUNIT_ASSERT(!apart->media[0].rtcp_mux && !apart->description.media[0].rtcp_mux);
        CPPUNIT_ASSERT_EQUAL(5000, int(apart->media[0].remote_rtcp_port));
        CPPUNIT_ASSERT_EQUAL(std::string("192.0.2.77"), apart->media[0].remote_rtcp_address);
    }

    void t38_is_answered() {
        LocalDescription mine{.connection = {"192.0.2.1", false}};
        mine.media.push_back({.type = "image",
                              .protocol = "udptl",
                              .port = 10002,
                              .formats = {"t38"},
                              .attributes = t38_attributes({.error_correction = "t38UDPRedundancy"})});
        const auto answer = make_answer(mine, offer("m=image 4000 UDPTL t38\na=T38FaxVersion:0\n"));
        CPPUNIT_ASSERT(answer.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("m=image 10002 UDPTL t38"), line_of(answer->description, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("t38UDPRedundancy"), t38_of(answer->description.media[0])->error_correction);
    }

    void an_answer_settles_the_offer() {
        const LocalDescription mine = local({opus, ulaw, events});
        const SdpSession sent = make_offer(mine);
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 107 0 101"), line_of(sent, 0));
        const auto outcome = accept_answer(
            mine, sent, offer("m=audio 4000 RTP/AVP 0 99\na=rtpmap:99 telephone-event/8000\na=ptime:40\n"));
        CPPUNIT_ASSERT(outcome.has_value());
        const NegotiatedMedia& media = outcome->front();
        CPPUNIT_ASSERT_EQUAL(std::string("PCMU"), media.codecs.at(0).codec.name);
        CPPUNIT_ASSERT_EQUAL(99, int(media.telephone_event->send_payload_type));
        CPPUNIT_ASSERT_EQUAL(101, int(media.telephone_event->receive_payload_type));
        CPPUNIT_ASSERT_EQUAL(40u, media.ptime);
        CPPUNIT_ASSERT_EQUAL(std::size_t(0), media.local);
    }

    void a_bad_answer_is_refused() {
        const LocalDescription mine = local({ulaw});
        const SdpSession sent = make_offer(mine);
        CPPUNIT_ASSERT(accept_answer(mine, sent, offer("")).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(accept_answer(mine, sent, offer("m=video 4 RTP/AVP 0\n")).error().code == ErrorCode::invalid);
        CPPUNIT_ASSERT(accept_answer(mine, sent, offer("m=audio 0 RTP/AVP 0\n")).error().code ==
                       ErrorCode::unsupported);
        CPPUNIT_ASSERT(accept_answer(mine, sent, offer("m=audio 4 RTP/AVP 8\n")).error().code ==
                       ErrorCode::unsupported);
    }

    void a_new_offer_keeps_places_and_numbers() {
        const LocalDescription mine = local({ulaw, opus, events});
        const auto answer = make_answer(
            mine, offer("m=video 4004 RTP/AVP 31\nm=audio 4000 RTP/AVP 107 0\na=rtpmap:107 telephone-event/8000\n"));
        const SdpSession again = make_offer(mine, answer->media);
        CPPUNIT_ASSERT_EQUAL(std::string("m=video 0 RTP/AVP 31"), line_of(again, 0));
        // 107 means events in this dialog, so that opus gets another number.
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0 96 107"), line_of(again, 1));
        CPPUNIT_ASSERT_EQUAL(std::string("opus"), again.media[1].codecs[1].name);
    }

    void a_removed_stream_keeps_its_place() {
        LocalDescription mine = local({ulaw});
        const auto answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\n"));
        mine.media[0].port = 0;
        mine.media.push_back({.type = "image", .protocol = "udptl", .port = 10002, .formats = {"t38"}});
        const SdpSession again = make_offer(mine, answer->media);
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 0 RTP/AVP 0"), line_of(again, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("m=image 10002 udptl t38"), line_of(again, 1));
        // And a new one of its type gets it.
        mine.media.push_back({.port = 10004, .codecs = {alaw}});
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10004 RTP/AVP 8"), line_of(make_offer(mine, std::vector<NegotiatedMedia>{{.type = "audio", .protocol = "RTP/AVP"}}), 0));
    }

    void lines_are_kept_for_their_streams() {
        const SdpCodec vp8{"VP8", 90000, 1, 97, ""};
        LocalDescription mine = local({ulaw});
        for (const std::uint16_t port : {10002, 10004}) mine.media.push_back({.type = "video", .port = port, .codecs = {vp8}});
        const std::string line = "RTP/AVP 98\na=rtpmap:98 VP8/90000\n";
        const SdpSession offered = offer("m=video 4002 " + line + "m=audio 4000 RTP/AVP 0\nm=video 4004 " + line + "m=video 4006 " + line);
        constexpr std::size_t none = NegotiatedMedia::none;
        // The third line has the stream that it had before; the first gets what is left; nothing is left for the last.
        const auto answer = make_answer(mine, offered, std::array<std::size_t, 4>{none, none, 1, none});
        CPPUNIT_ASSERT(answer);
        CPPUNIT_ASSERT_EQUAL(std::string("m=video 10004 RTP/AVP 98"), line_of(answer->description, 0));
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0"), line_of(answer->description, 1));
        CPPUNIT_ASSERT_EQUAL(std::string("m=video 10002 RTP/AVP 98"), line_of(answer->description, 2));
        CPPUNIT_ASSERT_EQUAL(std::string("m=video 0 RTP/AVP 98"), line_of(answer->description, 3));
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, answer->media[0].local);
        CPPUNIT_ASSERT(!answer->media[3].accepted());
    }

    void redundant_text_names_the_numbers_of_its_own_description() {
        const SdpCodec red{"red", 1000, 1, 96, "98/98/98"}, t140{"t140", 1000, 1, 97, ""};
        LocalDescription mine = local({ulaw});
        mine.media.push_back({.type = "text", .port = 10002, .codecs = {red, t140}});
        CPPUNIT_ASSERT(write_sdp(make_offer(mine)).contains("a=fmtp:96 97/97/97\r\n"));
        const auto answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\nm=text 4002 RTP/AVP 100 101\na=rtpmap:100 t140/1000\na=rtpmap:101 red/1000\n"
                                                    "a=fmtp:101 100/100\n"));
        CPPUNIT_ASSERT(answer && write_sdp(answer->description).contains("a=fmtp:101 100/100/100\r\n"));
    }

    void h264_profiles_must_agree() {
        const SdpCodec base{"H264", 90000, 1, 97, "packetization-mode=1;profile-level-id=42e01f"};
        const SdpCodec level{"H264", 90000, 1, 98, "profile-level-id=42001e; packetization-mode=1"};
        const SdpCodec high{"H264", 90000, 1, 98, "profile-level-id=64001f;packetization-mode=1"};
        const SdpCodec single{"h264", 90000, 1, 98, "profile-level-id=42e01f"};
        CPPUNIT_ASSERT(compatible(base, level));
        CPPUNIT_ASSERT(!compatible(base, high));
        CPPUNIT_ASSERT(!compatible(base, single));
    }

    void comfort_noise_is_answered_when_it_was_offered() {
        const SdpCodec noise{"CN", 8000, 1, 13, ""}, wide{"CN", 16000, 1, 96, ""}, slin16{"L16", 16000, 1, 97, ""};
        const LocalDescription mine = local({ulaw, slin16, noise, wide, events});
        auto answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 0 13 101\na=rtpmap:101 telephone-event/8000\n"));
        CPPUNIT_ASSERT(answer && answer->media[0].comfort_noise);
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0 13 101"), line_of(answer->description, 0));
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, answer->media[0].codecs.size());
        answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\n"));
        CPPUNIT_ASSERT(answer && !answer->media[0].comfort_noise);
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 0"), line_of(answer->description, 0));
        // That of the codec's clock, by the offer's number.
        answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 110 13 111\na=rtpmap:110 L16/16000\na=rtpmap:111 CN/16000\n"));
        CPPUNIT_ASSERT(answer && answer->media[0].comfort_noise);
        CPPUNIT_ASSERT_EQUAL(std::uint8_t{111}, answer->media[0].comfort_noise->send_payload_type);
        CPPUNIT_ASSERT_EQUAL(std::string("m=audio 10000 RTP/AVP 110 111"), line_of(answer->description, 0));
    }

    void extended_reports_are_offered_when_wanted_and_answered_when_offered() {
        LocalDescription mine = local({ulaw});
        const auto asked = [](const SdpSession& session) {
            const SdpAttribute* const found = session.media[0].attribute("rtcp-xr");
            return found ? found->value : std::string("none");
        };
        CPPUNIT_ASSERT_EQUAL(std::string("none"), asked(make_offer(mine)));
        const auto answer = make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=rtcp-xr:pkt-loss-rle=8 voip-metrics stat-summary=loss,HL rcvr-rtt=sender:100\n"));
        CPPUNIT_ASSERT(answer && (answer->media[0].wanted == WantedReports{true, true, true}));
        CPPUNIT_ASSERT_EQUAL(std::string("rcvr-rtt=all stat-summary=loss,dup,jitt voip-metrics"), asked(answer->description));
        auto whole = offer("m=audio 4000 RTP/AVP 0\n");
        whole.attributes.push_back({"rtcp-xr", "voip-metrics", true});  // of the session
        CPPUNIT_ASSERT_EQUAL(std::string("voip-metrics"), asked(make_answer(mine, whole)->description));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), asked(make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=rtcp-xr:pkt-dup-rle\n"))->description));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), asked(make_answer(mine, offer("m=audio 4000 RTP/AVP 0\na=rtcp-xr\n"))->description));
        mine.media[0].extended_reports = true;
        const SdpSession ours = make_offer(mine);
        CPPUNIT_ASSERT_EQUAL(std::string("rcvr-rtt=all stat-summary=loss,dup,jitt voip-metrics"), asked(ours));
        CPPUNIT_ASSERT_EQUAL(std::string("none"), asked(make_answer(mine, offer("m=audio 4000 RTP/AVP 0\n"))->description));
        const auto outcome = accept_answer(mine, ours, offer("m=audio 4000 RTP/AVP 0\na=rtcp-xr:stat-summary=loss\n"));
        CPPUNIT_ASSERT(outcome && (outcome->at(0).wanted == WantedReports{false, true, false}));
    }

    void the_version_counts_changes_only() {
        SdpOrigin origin(77);
        LocalDescription mine = local({ulaw});
        SdpSession first = make_offer(mine), second = make_offer(mine);
        const std::string text = origin.write(first);
        CPPUNIT_ASSERT(text.find("o=- 77 77 IN IP4 192.0.2.1\r\n") != std::string::npos);
        CPPUNIT_ASSERT_EQUAL(text, origin.write(second));
        mine.media[0].direction = Direction::sendonly;
        SdpSession third = make_offer(mine);
        CPPUNIT_ASSERT(origin.write(third).find("o=- 77 78 IN") != std::string::npos);
        CPPUNIT_ASSERT(origin.write(third).find("o=- 77 78 IN") != std::string::npos);
    }

    // RFC 8843 7.2.1, 7.5; RFC 9143 9.1.
    void bundled_media_are_offered_without_a_port_and_with_numbers_of_their_own() {
        LocalDescription local{.connection = {"192.0.2.1", false}};
        local.media.push_back({.port = 10000, .codecs = {{"opus", 48000, 2, 96, ""}}, .attributes = {{"mid", "a", true}}});
        for (const char* mid : {"v", "w"})
            local.media.push_back({.type = "video", .port = 10000, .codecs = {{"VP8", 90000, 1, 96, ""}, {"H264", 90000, 1, 97, ""}}, .bundled = true, .attributes = {{"mid", mid, true}}});
        const SdpSession offer = make_offer(local);
        const std::string text = write_sdp(offer);
        CPPUNIT_ASSERT(text.find("m=video 0 ") != std::string::npos && text.find("a=bundle-only\r\n") != std::string::npos);
        CPPUNIT_ASSERT(!offer.media[1].refused());
        CPPUNIT_ASSERT_EQUAL(96, static_cast<int>(offer.media[0].codecs[0].payload_type));
        CPPUNIT_ASSERT_EQUAL(97, static_cast<int>(offer.media[1].codecs[0].payload_type));
        CPPUNIT_ASSERT_EQUAL(98, static_cast<int>(offer.media[1].codecs[1].payload_type));
        CPPUNIT_ASSERT(offer.media[2].codecs[0].payload_type > 98 && offer.media[2].codecs[1].payload_type > 98);
        SdpSession answer = offer;
        for (SdpMedia& media : answer.media) {
            media.port = 4000;
            media.bundle_only = false;
        }
        answer.media[1].port = 0;
        const auto outcome = accept_answer(local, offer, answer);
        CPPUNIT_ASSERT(outcome && (*outcome)[1].local == NegotiatedMedia::none && (*outcome)[2].local == 2);
        // What is in use has the port of all; a newcomer has none yet, and no number of another's.
        const SdpSession again = make_offer(local, *outcome);
        CPPUNIT_ASSERT_EQUAL(10000, static_cast<int>(again.media[2].port));
        CPPUNIT_ASSERT(again.media[1].bundle_only && again.media[2].codecs[0].payload_type == offer.media[2].codecs[0].payload_type);
        for (const SdpCodec& codec : again.media[1].codecs) CPPUNIT_ASSERT(std::ranges::find(again.media[2].codecs, codec.payload_type, &SdpCodec::payload_type) == again.media[2].codecs.end());
    }
};
CPPUNIT_TEST_SUITE_REGISTRATION(OfferAnswerTest);

}  // namespace
