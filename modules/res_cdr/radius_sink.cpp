// Records to RADIUS servers: one Accounting-Request for each.
#include "modules/res_cdr/radius_sink.hpp"

#include <unistd.h>

#include <array>
#include <optional>

#include "core/base/clock.hpp"
#include "modules/res_cdr/radius_client.hpp"

namespace jackfield {
namespace {

using Kind = RadiusAttribute::Kind;

// RFC 2865 and 2866.
enum Attribute : std::uint8_t { user_name = 1, nas_identifier = 32, acct_status_type = 40, acct_delay_time = 41, acct_session_id = 44 };
constexpr std::uint32_t status_stop = 2;

struct Settings {
    bool utc = false, unique_id = false, user_field = false;
    std::string client = "/etc/radiusclient-ng/radiusclient.conf";
};

const Options<Settings>& radius_options() {
    using S = Settings;
    static const Options<S> options{
        {"usegmtime", &S::utc, false, "Times in UTC"},
        {"loguniqueid", &S::unique_id, false, "With Asterisk-Unique-ID and Asterisk-Linked-ID"},
        {"loguserfield", &S::user_field, false, "With Asterisk-User-Field"},
        {"radiuscfg", &S::client, "/etc/radiusclient-ng/radiusclient.conf",
         "Servers, secrets and times: the file of FreeRADIUS's and radcli's client libraries"},
    };
    return options;
}

class RadiusSink final : public RecordSink {
  public:
    RadiusSink(Settings settings, std::string_view channel_field, std::span<const RadiusAttribute> attributes)
        : settings_(std::move(settings)), channel_field_(channel_field), attributes_(attributes) {
        time_ = {.format = "%Y-%m-%d %H:%M:%S %z", .utc = settings_.utc};
        std::array<char, 256> host{};
        if (::gethostname(host.data(), host.size() - 1) == 0) host_ = host.data();
    }

    // Servers know no transactions. What they confirmed of a batch is not sent again with its next try in this process; after a
    // crash a batch may be sent again, which servers see by Acct-Session-Id.
    Result<void> write(const RecordBatch& batch) override {
        if (!client_) client_.emplace(JF_TRY(radius::read_client_settings(settings_.client)));
        if (batch.records.front().bytes() != begun_) confirmed_ = 0;
        begun_ = batch.records.front().bytes();
        for (; confirmed_ < batch.records.size(); ++confirmed_) {
            auto sent = client_->send(request_of(batch.records[confirmed_]), batch.stopping);
            if (sent) continue;
            client_.reset();  // the file may have been mended
            return sent;
        }
        begun_.clear();
        return {};
    }

  private:
    radius::AccountingRequest request_of(const Record& record) const {
        radius::AccountingRequest request;
        request.add(acct_status_type, status_stop)
            .add(acct_session_id, record.get("uniqueid"))
            .add(user_name, record.get(channel_field_))
            .add(nas_identifier, host_)
            .add(acct_delay_time, delay_of(record));
        for (const RadiusAttribute& each : attributes_) {
            if ((each.kind == Kind::unique_id && !settings_.unique_id) || (each.kind == Kind::user_field && !settings_.user_field)) continue;
            if (each.kind == Kind::number)
                request.add_vendor(each.type, parse_number<std::uint32_t>(record.get(each.field)).value_or(0));
            else if (each.kind == Kind::time)
                request.add_vendor(each.type, time_text(record.time(each.field), time_));
            else
                request.add_vendor(each.type, record.get(each.field));
        }
        return request;
    }
    // RFC 2866 5.2: how long ago it was.
    static std::uint32_t delay_of(const Record& record) {
        const WallTime when = record.time(record.has("end") ? "end" : "eventtime");
        const auto ago = std::chrono::duration_cast<std::chrono::seconds>(wall_now() - when).count();
        return when == WallTime{} || ago < 0 ? 0 : static_cast<std::uint32_t>(std::min<std::int64_t>(ago, UINT32_MAX));
    }

    Settings settings_;
    std::string channel_field_, host_ = "jackfield";
    std::span<const RadiusAttribute> attributes_;
    RecordTime time_;
    std::optional<radius::Client> client_;
    std::string begun_;          // the first record of the batch that was not sent whole
    std::size_t confirmed_ = 0;  // how many of it were
};

}  // namespace

ConfigFileSpec radius_spec(std::string file, std::string_view channel_field, std::span<const RadiusAttribute> attributes, BackendSlot* slot) {
    return ConfigFileSpec{.file = std::move(file), .prepare = [=](const ConfigFile& read, Diagnostics& findings) -> ConfigApply {
        const ConfigCategory* section = read.find("radius");
        if (!section) return [slot] { slot->set(nullptr); };
        return [=, settings = radius_options().read(*section, findings)] {
            slot->set(std::make_shared<RadiusSink>(settings, channel_field, attributes));
        };
    }};
}

}  // namespace jackfield
