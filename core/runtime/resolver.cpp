// DNS by c-ares: its sockets and time-outs are the control loop's, so nothing ever blocks.
#include "core/runtime/resolver.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <unordered_map>

#include "core/base/clock.hpp"
#include "core/base/log.hpp"
#include "core/base/strings.hpp"
#include "core/runtime/dns_message.hpp"
#include "core/runtime/loop_private.hpp"
#include "core/runtime/wait.hpp"

namespace jackfield {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kCachedAnswers = 10'000;
constexpr std::chrono::seconds kLongestCached = 24h;
constexpr int kQueryTimeout = 2000;  // milliseconds per try
constexpr int kTries = 3;

// What a look-up found; shared by the cache and everybody who asked.
struct Answer {
    std::optional<Error> error;
    std::vector<SocketAddress> addresses;
    std::vector<SrvRecord> services;
    std::vector<NaptrRecord> pointers;
    std::vector<std::string> texts;
    std::chrono::seconds time_to_live{0};
};

// A question under way and the fibers that wait for it.
struct Question {
    std::string key, name;
    int type = 0;  // ns_t_...
    Answer answer;
    Latch answered;
};

Error to_error(int status, const std::string& name) {
    switch (status) {
        case ARES_ENODATA:
        case ARES_ENOTFOUND:
        case ARES_EBADNAME:
            return {ErrorCode::not_found, fmt::format("DNS knows nothing of {}: {}", name, ares_strerror(status))};
        case ARES_ETIMEOUT:
            return {ErrorCode::timeout, fmt::format("no name server answered for {}", name)};
        default:
            return {ErrorCode::failed, fmt::format("DNS for {}: {}", name, ares_strerror(status))};
    }
}

class Resolver {
  public:
    static Result<Resolver*> instance();
    ~Resolver() {
        ending_ = true;
        if (channel_) ares_destroy(channel_);
    }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    // Waits. One question for all who ask the same at the same time.
    Result<std::shared_ptr<const Answer>> ask(const std::string& name, int type, int family = AF_UNSPEC);
    Result<void> set_servers(const std::vector<std::string>& servers);

  private:
    Resolver() = default;

    void start(const std::shared_ptr<Question>& question, int family);
    void finish(const std::shared_ptr<Question>& question);
    void socket_changed(int descriptor, bool read, bool write);
    void process(int read, int write);
    void arm();

    static Resolver& of(void* self) { return *static_cast<Resolver*>(self); }
    static void got_addresses(void* argument, int status, int, ares_addrinfo* list);
    static void got_message(void* argument, int status, int, unsigned char* bytes, int length);

    struct Cached {
        Instant expires;
        std::shared_ptr<const Answer> answer;
    };
    // What c-ares carries for us until its callback, which it always calls.
    struct Carried {
        Resolver& resolver;
        std::shared_ptr<Question> question;
    };

    ares_channel channel_ = nullptr;
    bool ending_ = false;
    std::map<int, std::unique_ptr<DescriptorWatch>> watches_;
    Timer timer_{[this] { process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }};
    std::unordered_map<std::string, std::shared_ptr<Question>> under_way_;
    std::unordered_map<std::string, Cached> cache_;
};

Result<Resolver*> Resolver::instance() {
    ControlLoop* loop = ControlLoop::instance();
    if (!loop) return fail(ErrorCode::failed, "there is no control loop to resolve names");
    auto& place = loop->internals().resolver;
    if (!place) {
        static const int library = ares_library_init(ARES_LIB_INIT_ALL);
        if (library != ARES_SUCCESS) return fail(ErrorCode::failed, "c-ares: {}", ares_strerror(library));
        std::shared_ptr<Resolver> made(new Resolver);
        ares_options options{};
        options.timeout = kQueryTimeout;
        options.tries = kTries;
        options.sock_state_cb = [](void* self, ares_socket_t descriptor, int read, int write) {
            of(self).socket_changed(descriptor, read != 0, write != 0);
        };
        options.sock_state_cb_data = made.get();
        const int status =
            ares_init_options(&made->channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
        if (status != ARES_SUCCESS) return fail(ErrorCode::failed, "c-ares: {}", ares_strerror(status));
        place = std::move(made);
    }
    return static_cast<Resolver*>(place.get());
}

Result<void> Resolver::set_servers(const std::vector<std::string>& servers) {
    std::vector<std::string> list;
    for (const auto& text : servers) list.push_back(JF_TRY(SocketAddress::parse(text, 53)).to_string());
    if (list.empty()) return fail(ErrorCode::invalid, "a resolver needs at least one name server");
    const int status = ares_set_servers_ports_csv(channel_, join(list, ",").c_str());
    if (status != ARES_SUCCESS)
        return fail(ErrorCode::failed, "name servers {}: {}", join(list, ","), ares_strerror(status));
    cache_.clear();
    return {};
}

Result<std::shared_ptr<const Answer>> Resolver::ask(const std::string& name, int type, int family) {
    JF_TRY(check_may_wait(std::source_location::current()));
    const auto key = fmt::format("{} {} {}", type, family, to_lower(name));
    if (const auto found = cache_.find(key); found != cache_.end()) {
        if (found->second.expires > Clock::now()) return found->second.answer;
        cache_.erase(found);
    }
    auto& place = under_way_[key];
    auto question = place;
    if (!question) {
        question = place = std::make_shared<Question>();
        question->key = key;
        question->name = name;
        question->type = type;
        start(question, family);
    }
    JF_TRY(question->answered.wait());
    if (question->answer.error) return std::unexpected(*question->answer.error);
    return std::shared_ptr<const Answer>(question, &question->answer);
}

void Resolver::start(const std::shared_ptr<Question>& question, int family) {
    auto* carried = new Carried{*this, question};
    if (question->type == ns_t_a) {
        ares_addrinfo_hints hints{};
        hints.ai_family = family;
        hints.ai_socktype = SOCK_DGRAM;
        ares_getaddrinfo(channel_, question->name.c_str(), nullptr, &hints, got_addresses, carried);
    } else {
        ares_query(channel_, question->name.c_str(), ns_c_in, question->type, got_message, carried);
    }
    arm();
}

void Resolver::got_addresses(void* argument, int status, int, ares_addrinfo* list) {
    const std::unique_ptr<Carried> carried(static_cast<Carried*>(argument));
    Answer& answer = carried->question->answer;
    int shortest = static_cast<int>(kLongestCached.count());
    if (status == ARES_SUCCESS && list) {
        for (const ares_addrinfo_node* node = list->nodes; node; node = node->ai_next) {
            const SocketAddress address(node->ai_addr);
            if (std::find(answer.addresses.begin(), answer.addresses.end(), address) == answer.addresses.end())
                answer.addresses.push_back(address);
            shortest = std::min(shortest, node->ai_ttl);
        }
        answer.time_to_live = std::chrono::seconds(std::max(shortest, 0));
    }
    if (list) ares_freeaddrinfo(list);
    if (status != ARES_SUCCESS)
        answer.error = to_error(status, carried->question->name);
    else if (answer.addresses.empty())
        answer.error = to_error(ARES_ENODATA, carried->question->name);
    carried->resolver.finish(carried->question);
}

// RFC 2782: a target of "." says that the service is not there.
int parse_services(const unsigned char* bytes, int length, std::vector<SrvRecord>& into) {
    ares_srv_reply* list = nullptr;
    const int status = ares_parse_srv_reply(bytes, length, &list);
    for (const auto* record = list; record; record = record->next)
        if (*record->host && std::string_view(record->host) != ".")
            into.push_back({record->priority, record->weight, record->port, record->host});
    ares_free_data(list);
    return status == ARES_SUCCESS && into.empty() ? ARES_ENODATA : status;
}

int parse_pointers(const unsigned char* bytes, int length, std::vector<NaptrRecord>& into) {
    ares_naptr_reply* list = nullptr;
    const int status = ares_parse_naptr_reply(bytes, length, &list);
    const auto text = [](const unsigned char* field) { return std::string(reinterpret_cast<const char*>(field)); };
    for (const auto* record = list; record; record = record->next)
        into.push_back({record->order, record->preference, text(record->flags), text(record->service),
                        text(record->regexp), record->replacement});
    ares_free_data(list);
    std::stable_sort(into.begin(), into.end(), [](const auto& a, const auto& b) {
        return std::pair(a.order, a.preference) < std::pair(b.order, b.preference);
    });
    return status;
}

int parse_texts(const unsigned char* bytes, int length, std::vector<std::string>& into) {
    ares_txt_ext* list = nullptr;
    const int status = ares_parse_txt_reply_ext(bytes, length, &list);
    for (const auto* part = list; part; part = part->next) {  // RFC 7208 3.3: the strings of a record belong together
        if (part->record_start || into.empty()) into.emplace_back();
        into.back().append(reinterpret_cast<const char*>(part->txt), part->length);
    }
    ares_free_data(list);
    return status;
}

void Resolver::got_message(void* argument, int status, int, unsigned char* bytes, int length) {
    const std::unique_ptr<Carried> carried(static_cast<Carried*>(argument));
    Answer& answer = carried->question->answer;
    if (status == ARES_SUCCESS) {
        const int type = carried->question->type;
        status = type == ns_t_srv     ? parse_services(bytes, length, answer.services)
                 : type == ns_t_naptr ? parse_pointers(bytes, length, answer.pointers)
                                      : parse_texts(bytes, length, answer.texts);
        answer.time_to_live = shortest_time_to_live({bytes, static_cast<std::size_t>(length)});
    }
    if (status != ARES_SUCCESS) answer.error = to_error(status, carried->question->name);
    carried->resolver.finish(carried->question);
}

void Resolver::finish(const std::shared_ptr<Question>& question) {
    under_way_.erase(question->key);
    if (!ending_ && !question->answer.error && question->answer.time_to_live > 0s)
        cache_[question->key] = {Clock::now() + std::min(question->answer.time_to_live, kLongestCached),
                                 std::shared_ptr<const Answer>(question, &question->answer)};
    if (cache_.size() > kCachedAnswers) {
        std::erase_if(cache_, [now = Clock::now()](const auto& entry) { return entry.second.expires <= now; });
        if (cache_.size() > kCachedAnswers) cache_.clear();
    }
    question->answered.set();
}

void Resolver::socket_changed(int descriptor, bool read, bool write) {
    if (!read && !write) {
        watches_.erase(descriptor);
        return;
    }
    auto& watch = watches_[descriptor];
    if (!watch)
        watch = std::make_unique<DescriptorWatch>(
            descriptor, [this, descriptor] { process(descriptor, ARES_SOCKET_BAD); },
            [this, descriptor] { process(ARES_SOCKET_BAD, descriptor); });
    watch->want_read(read);
    watch->want_write(write);
}

void Resolver::process(int read, int write) {
    ares_process_fd(channel_, read, write);
    arm();
}

void Resolver::arm() {
    timeval time{};
    if (ares_timeout(channel_, nullptr, &time))
        timer_.start(std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec));
    else
        timer_.stop();
}

// RFC 2782: lowest priority first; among equals a draw in proportion to the weights, over and over.
void order_services(std::vector<SrvRecord>& records) {
    static std::mt19937 random(std::random_device{}());
    std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        // Weight 0 first, so that it has a small chance only when others have a weight.
        return std::pair(a.priority, a.weight != 0) < std::pair(b.priority, b.weight != 0);
    });
    for (std::size_t first = 0; first < records.size(); ++first) {
        unsigned sum = 0;
        std::size_t end = first;
        for (; end < records.size() && records[end].priority == records[first].priority; ++end)
            sum += records[end].weight;
        const auto drawn = std::uniform_int_distribution<unsigned>(0, sum)(random);
        unsigned running = 0;
        for (std::size_t i = first; i < end; ++i) {
            running += records[i].weight;
            if (running < drawn) continue;
            std::rotate(records.begin() + static_cast<std::ptrdiff_t>(first),
                        records.begin() + static_cast<std::ptrdiff_t>(i),
                        records.begin() + static_cast<std::ptrdiff_t>(i) + 1);
            break;
        }
    }
}

}  // namespace

Result<std::vector<SocketAddress>> resolve_address(std::string name, int family) {
    if (auto number = SocketAddress::parse(name)) {
        if (family != AF_UNSPEC && number->family() != family)
            return fail(ErrorCode::not_found, "{} is an address of another family", name);
        return std::vector{*number};
    }
    Resolver& resolver = *JF_TRY(Resolver::instance());
    const auto answer = JF_TRY(resolver.ask(name, ns_t_a, family));
    return answer->addresses;
}

Result<std::vector<SrvRecord>> resolve_srv(std::string name) {
    Resolver& resolver = *JF_TRY(Resolver::instance());
    const auto answer = JF_TRY(resolver.ask(name, ns_t_srv));
    auto records = answer->services;
    order_services(records);
    return records;
}

Result<std::vector<NaptrRecord>> resolve_naptr(std::string name) {
    Resolver& resolver = *JF_TRY(Resolver::instance());
    const auto answer = JF_TRY(resolver.ask(name, ns_t_naptr));
    return answer->pointers;
}

Result<std::vector<std::string>> resolve_txt(std::string name) {
    Resolver& resolver = *JF_TRY(Resolver::instance());
    const auto answer = JF_TRY(resolver.ask(name, ns_t_txt));
    return answer->texts;
}

Result<void> set_name_servers(const std::vector<std::string>& servers) {
    Resolver& resolver = *JF_TRY(Resolver::instance());
    return resolver.set_servers(servers);
}

}  // namespace jackfield
