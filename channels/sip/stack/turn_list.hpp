// A list whose members have their turn one after the other, while members come and go. Pure; one thread.
#pragma once

#include <cstddef>
#include <vector>

namespace jackfield::sip {

// Holds pointers; each member keeps its own place in `Place`, so that taking it out costs the same however many there are. In
// no order.
template <class T, std::size_t T::*Place>
class TurnList {
  public:
    void add(T& member) {
        member.*Place = members_.size();
        members_.push_back(&member);
    }
    // Its place is filled by one of the same kind, had its turn or not; the gap that that leaves by the last one.
    void remove(T& member) {
        std::size_t gap = member.*Place;
        if (gap < turn_) gap = move(--turn_, gap);
        move(members_.size() - 1, gap);
        members_.pop_back();
    }
    // The next one that has not had its turn since restart(); null when all have.
    T* next() { return turn_ < members_.size() ? members_[turn_++] : nullptr; }
    void restart() { turn_ = 0; }
    bool done() const { return turn_ >= members_.size(); }
    std::size_t size() const { return members_.size(); }
    T* any() const { return members_.empty() ? nullptr : members_.front(); }

  private:
    // Where the gap is then.
    std::size_t move(std::size_t from, std::size_t gap) {
        if (from == gap) return gap;
        members_[gap] = members_[from];
        members_[gap]->*Place = gap;
        return from;
    }

    std::vector<T*> members_;
    std::size_t turn_ = 0;  // those before it have had theirs
};

}  // namespace jackfield::sip
