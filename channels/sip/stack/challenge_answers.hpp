// Answers to digest challenges of one peer (RFC 3261 section 22, RFC 7616, RFC 8760): the registrar's or callee's and those of
// proxies before it, each realm with its own credentials. Pure; one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channels/sip/stack/digest.hpp"
#include "channels/sip/stack/message.hpp"
#include "channels/sip/stack/message_writer.hpp"

namespace jackfield::sip {

// Who we are in a realm.
struct RealmUser {
    std::string name;
    DigestSecret secret;
};

// Keeps the challenges that were answered, so that later requests carry credentials from the start.
class ChallengeAnswers {
  public:
    // Who to be in `realm` by this algorithm; nothing: nobody.
    using FindUser = std::function<std::optional<RealmUser>(std::string_view realm, DigestAlgorithm algorithm)>;

    // Before the first request of a transaction chain: challenges that were kept may be refused once as too old.
    void begin();
    // A 401 or 407. Of each realm the first challenge that somebody can answer counts (RFC 8760 2.4). False: none can be
    // answered, or credentials for a new challenge of that realm were refused in this chain.
    bool challenged(const Message& response, const FindUser& find);
    // The Authorization and Proxy-Authorization headers of the next request.
    void write(MessageWriter& writer, std::string_view method, std::string_view uri);
    void clear() { answers_.clear(); }

    static constexpr std::size_t most_realms = 8;

  private:
    struct Answer {
        DigestChallenge challenge;
        bool proxy = false;
        RealmUser user;
        DigestClient client;
        bool fresh = false;         // challenged in this chain
        unsigned stale_rounds = 0;  // in this chain
    };
    Answer* find(std::string_view realm, bool proxy);
    std::vector<Answer> answers_;
};

}  // namespace jackfield::sip
