// Work on files for the media plane: what a media thread needs read or has to have written is done by the pool, looked
// for ten times a second, so that a media thread neither waits nor wakes anybody.
#pragma once

#include <atomic>
#include <memory>

namespace jackfield {

// Something between a media thread and the disk. Shared by the pump and its user; the user calls abandon() when it is
// done with it, and the object ends in the pool.
class DiskWork {
  public:
    virtual ~DiskWork() = default;  // in the pool, or wherever the last reference goes
    void abandon() { abandoned_.store(true, std::memory_order_release); }

  protected:
    virtual bool wants() const = 0;  // control thread: is there something to do?
    virtual void work() = 0;         // in the pool, never twice at a time; may block

  private:
    friend class DiskPump;
    std::atomic<bool> abandoned_{false}, busy_{false};
};

// Takes care of `work` until it is abandoned. Any thread; never waits.
void keep_supplied(std::shared_ptr<DiskWork> work);

}  // namespace jackfield
