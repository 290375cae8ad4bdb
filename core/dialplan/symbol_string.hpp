// A few pattern symbols kept in place: what a node of the extension index has on its way.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "core/dialplan/pattern.hpp"

namespace jackfield {

// An immutable string of symbols. Up to six stand in the object itself: a look-up in a large plan spends its time on
// fetching memory, and a separate block for two digits doubled it.
class SymbolString {
  public:
    SymbolString() = default;
    explicit SymbolString(std::span<const PatternSymbol> symbols) : size_(static_cast<std::uint16_t>(symbols.size())) {
        if (symbols.size() > in_place) elsewhere_ = std::make_unique<PatternSymbol[]>(symbols.size());
        std::ranges::copy(symbols, symbols.size() > in_place ? elsewhere_.get() : here_.data());
    }
    SymbolString(const SymbolString& other) : SymbolString(other.view()) {}
    SymbolString& operator=(const SymbolString& other) { return *this = SymbolString(other); }
    SymbolString(SymbolString&& other) noexcept
        : size_(std::exchange(other.size_, 0)), here_(other.here_), elsewhere_(std::move(other.elsewhere_)) {}
    SymbolString& operator=(SymbolString&& other) noexcept {
        size_ = std::exchange(other.size_, 0);
        here_ = other.here_;
        elsewhere_ = std::move(other.elsewhere_);
        return *this;
    }

    std::size_t size() const { return size_; }
    PatternSymbol operator[](std::size_t place) const { return data()[place]; }
    std::span<const PatternSymbol> view() const { return {data(), size_}; }

  private:
    static constexpr std::size_t in_place = 6;
    const PatternSymbol* data() const { return size_ > in_place ? elsewhere_.get() : here_.data(); }
    std::uint16_t size_ = 0;  // max_number_length fits
    std::array<PatternSymbol, in_place> here_{};
    std::unique_ptr<PatternSymbol[]> elsewhere_;
};

}  // namespace jackfield
