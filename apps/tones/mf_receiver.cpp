// MF digits in audio, by SpanDSP.
#include "apps/tones/mf_receiver.hpp"

#include <spandsp.h>

#include <new>

namespace jackfield::tones {

MfReceiver::MfReceiver() : receiver_(bell_mf_rx_init(nullptr, nullptr, nullptr)) {
    if (!receiver_) throw std::bad_alloc();
}

MfReceiver::~MfReceiver() { bell_mf_rx_free(receiver_); }

std::size_t MfReceiver::receive(std::span<const std::int16_t> audio, std::span<char> digits) {
    bell_mf_rx(receiver_, audio.data(), static_cast<int>(audio.size()));
    return bell_mf_rx_get(receiver_, digits.data(), static_cast<int>(digits.size()) - 1);
}

}  // namespace jackfield::tones
