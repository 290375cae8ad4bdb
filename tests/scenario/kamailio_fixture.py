"""A Kamailio for scenarios: one of several roles, on an address of the test's, in the foreground."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import fixture as jt

BASE = """#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
dns=no
rev_dns=no
auto_aliases=no
listen=udp:@ADDRESS@:5060
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
modparam("rr", "append_fromtag", 0)
@MODULES@
request_route {
    xlog("L_NOTICE", "request $rm $ru from $si\\n");
    if (!mf_process_maxfwd_header("20")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (!is_method("ACK")) sl_send_reply("404", "Not Here");
        else if (t_check_trans()) t_relay();
        exit;
    }
    loose_route();
    if (t_precheck_trans()) { t_check_trans(); exit; }
    t_check_trans();
    if (is_method("INVITE")) record_route();
    route(NEW);
}
onreply_route { xlog("L_NOTICE", "reply $rs $rm from $si\\n"); }
"""
# What is not for itself goes where it says.
PROXY = ("", """
route[NEW] {
    if (uri == myself) { sl_send_reply("404", "Nobody Here"); exit; }
    t_relay();
    exit;
}
""")
# Users register with the password `secret`, and call each other with it.
REGISTRAR = ("""
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
""", """
route[NEW] {
    if (is_method("REGISTER")) {
        if (!pv_www_authenticate("kamailio", "secret", "0")) { www_challenge("kamailio", "1"); exit; }
        save("location");
        xlog("L_NOTICE", "saved $tU of $si\\n");
        exit;
    }
    if (!pv_proxy_authenticate("kamailio", "secret", "0")) { proxy_challenge("kamailio", "1"); exit; }
    consume_credentials();
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();
    exit;
}
""")
# Before the registrar at @SERVER@: what comes from there goes to phones by the Path that their REGISTER got here.
FRONT = ("""
loadmodule "path.so"
modparam("path", "use_received", 1)
""", """
route[NEW] {
    if ($si != "@SERVER@") {
        if (is_method("REGISTER")) add_path_received();
        $du = "sip:@SERVER@:5060";
    }
    t_relay();
    exit;
}
""")
# Calls go to the first of @SERVERS@ that answers OPTIONS with a 2xx.
BALANCER = ("""
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "@FOLDER@/dispatcher.list")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_probing_threshold", 1)
modparam("dispatcher", "ds_inactive_threshold", 1)
modparam("dispatcher", "ds_ping_from", "sip:front@@ADDRESS@")
""", """
route[NEW] {
    if (!ds_select_dst("1", "8")) { sl_send_reply("503", "Nobody Left"); exit; }
    t_relay();
    exit;
}
event_route[dispatcher:dst-down] { xlog("L_NOTICE", "down $ru\\n"); }
event_route[dispatcher:dst-up] { xlog("L_NOTICE", "up $ru\\n"); }
""")


class Kamailio:
    def __init__(self, test, role, servers=(), address=None):
        self.address = address or test.address()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kamailio-", dir=test.folder))
        modules, routes = role
        text = BASE.replace("@MODULES@", modules) + routes
        for word, value in {"ADDRESS": self.address, "FOLDER": str(self.folder), "SERVER": servers[0] if servers else ""}.items():
            text = text.replace(f"@{word}@", value)
        (self.folder / "kamailio.cfg").write_text(text)
        (self.folder / "dispatcher.list").write_text("".join(f"1 sip:{server}:5060 0 {10 - place}\n" for place, server in enumerate(servers)))
        program = shutil.which("kamailio", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            raise AssertionError("kamailio is missing: install what tests/debian-packages.txt lists")
        self.output = open(self.folder / "output.txt", "wb")
        self.process = subprocess.Popen([program, "-DD", "-E", "-m", "16", "-f", str(self.folder / "kamailio.cfg"), "-w", str(self.folder), "-Y", str(self.folder)],
                                        stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT)
        test.addCleanup(self.stop)
        jt.wait_until(self.listens, 10, "Kamailio's socket")

    def listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Kamailio ended: {self.log_text()[-3000:]}")
        done = subprocess.run(["ss", "-Hlun", "src", f"{self.address}:5060"], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def log_text(self):
        return (self.folder / "output.txt").read_text(errors="replace")

    def mark(self):
        return len(self.log_text())

    def wait_for_log(self, text, since=0, seconds=10):
        try:
            jt.wait_until(lambda: text in self.log_text()[since:], seconds, f"Kamailio's line '{text}'")
        except AssertionError as missed:
            raise AssertionError(f"{missed}; its last lines:\n{self.log_text()[-3000:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.output.close()
