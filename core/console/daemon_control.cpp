// Where commands find the daemon.
#include "core/console/daemon_control.hpp"

namespace jackfield {
namespace {

DaemonControl* the_control = nullptr;

}  // namespace

DaemonControl* DaemonControl::instance() { return the_control; }
void DaemonControl::set_instance(DaemonControl* control) { the_control = control; }

bool live_dangerously() {
    const DaemonControl* daemon = DaemonControl::instance();
    return daemon && daemon->settings().options.live_dangerously;
}

}  // namespace jackfield
