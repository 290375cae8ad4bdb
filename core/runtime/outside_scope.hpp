// Marks what a fiber does for somebody outside: a client of the manager interface or of the REST interface.
#pragma once

namespace jackfield {

// While it exists the running fiber acts for somebody outside of the dialplan: what it evaluates may not use the functions
// that are for the dialplan only, also not within others (EVAL). They nest. Without effect outside of a fiber and, with
// `trusted` (live_dangerously), anywhere. Control thread; never waits; what the fiber starts on other fibers is not marked.
class OutsideScope {
  public:
    explicit OutsideScope(bool trusted);
    ~OutsideScope();
    OutsideScope(const OutsideScope&) = delete;
    OutsideScope& operator=(const OutsideScope&) = delete;

  private:
    bool counted_;
};

// Whether the running fiber is in such a scope.
bool acts_for_outside();

}  // namespace jackfield
