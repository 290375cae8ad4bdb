"""The HTTP server over a real daemon: framing, limits, static files, and clients that mean no good."""
import os
import pathlib
import random
import socket
import time

from fixture import SLOWNESS, main, wait_until
from http_fixture import HTTP, HttpTest, Raw

GET = "GET /httpstatus HTTP/1.1\r\nHost: x\r\n\r\n"


class Server(HttpTest):
    def http(self, general=""):
        return self.daemon({"extensions.conf": "[default]\n", "http.conf": HTTP.format(general=general)})

    def test_keep_alive_pipelining_and_head(self):
        daemon = self.http("servername = Sign")
        raw = self.raw().send(GET * 3)
        for _ in range(3):
            answer = raw.response()
            self.assertEqual((answer.status, answer.headers["Connection"], answer.headers["Server"]), (200, "keep-alive", "Sign"))
            self.assertIn("HTTP Status", answer.text)
        raw.send(GET.replace("GET", "HEAD") + GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
        text = raw.rest().decode()
        head, rest = text.split("\r\n\r\n", 1)
        self.assertRegex(head, r"Content-Length: [1-9]")
        self.assertTrue(rest.startswith("HTTP/1.1 200 OK\r\n"), rest[:60])  # nothing of a body before it
        old = self.raw().send("GET /httpstatus HTTP/1.0\r\n\r\n").rest()
        self.assertIn(b"Connection: close", old)
        shown = daemon.ask("http show status")
        self.assertIn("/httpstatus => Status of the HTTP server", shown)
        self.assertIn(f"Server Enabled and Bound to {self.server}:8088", shown)

    def test_what_is_not_there_or_not_allowed(self):
        self.http()
        self.assertEqual(self.request("GET", "/nothing").status, 404)
        self.assertEqual(self.request("GET", "/httpstatusx").status, 404)
        answer = self.request("POST", "/httpstatus", "x=1")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET,HEAD"))
        self.assertEqual(self.request("OPTIONS", "/httpstatus").status, 204)
        self.assertEqual(self.request("GET", "/static/x").status, 404)

    def test_requests_that_break_the_rules(self):
        self.http("headerlimit = 2000\nbodylimit = 1000")
        for text, status in (("nonsense\r\n\r\n", 400), ("GET /x HTTP/1.1\r\n\r\n", 400), ("GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
                             ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505), ("GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % ("a" * 3000), 431),
                             ("GET / HTTP/1.1\r\nHost: x\r\nA: %s\r\n\r\n" % ("a" * 3000), 431),
                             ("GET / HTTP/1.1\r\nHost: x\r\n%s\r\n" % ("A: b\r\n" * 110), 431),
                             ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", 413),
                             ("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + "x" * 1001, 413),
                             ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456", 400),
                             ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400)):
            with self.subTest(text[:60]):
                raw = self.raw().send(text)
                answer = raw.response()
                self.assertEqual((answer.status, answer.headers["Connection"]), (status, "close"))
                self.assertEqual(raw.rest(), b"")
        self.assertEqual(self.request("GET", "/httpstatus").status, 200)

    def test_a_body_that_waits_to_be_asked_for(self):
        self.http()
        raw = self.raw().send("POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(raw.socket.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.assertEqual(raw.send("abc").response().status, 404)

    def test_slow_clients_are_sent_away(self):
        self.http("session_inactivity = 1000\nsession_keep_alive = 500")
        began = time.monotonic()
        slow = self.raw()
        slow.send("GET /httpstatus HTTP/1.1\r\n")
        ended = None
        for _ in range(150):  # a byte now and then buys no time
            try:
                slow.send("A")
                slow.socket.settimeout(0.1)
                if data := slow.socket.recv(1000):
                    ended = data
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.assertTrue(ended and ended.startswith(b"HTTP/1.1 408"), ended)
        self.assertLess(time.monotonic() - began, 10 * SLOWNESS)
        body = self.raw().send("POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        self.assertEqual(body.response().status, 408)
        self.assertEqual(self.raw().rest(), b"")           # never says anything
        idle = self.raw().send(GET)
        self.assertEqual(idle.response().status, 200)
        self.assertEqual(idle.rest(), b"")                  # is idle for too long

    def test_connections_are_counted(self):
        daemon = self.http("sessionlimit = 6\naddresslimit = 4")
        held = [self.raw().send(GET) for _ in range(4)]
        for each in held:
            self.assertEqual(each.response().status, 200)
        self.assertEqual(self.raw().rest(), b"")
        daemon.wait_for_log("as addresslimit allows")
        held[0].close()
        wait_until(lambda: "Connections: 3 of 6" in daemon.ask("http show status"), 5, "the end of a connection")
        self.assertEqual(self.raw().send(GET).response().status, 200)

    def test_static_files_and_no_way_out(self):
        daemon = self.http("enable_static = yes\nredirect = / /static/index.html")
        folder = daemon.folder / "lib/static-http"
        (folder / "sub").mkdir(parents=True)
        (folder / "index.html").write_text("<p>hello</p>")
        big = os.urandom(300_000)
        (folder / "sub/big.bin").write_bytes(big)
        (folder / ".secret").write_text("no")
        (daemon.folder / "lib/outside.txt").write_text("no")
        os.symlink(daemon.folder / "lib/outside.txt", folder / "link.txt")
        os.symlink(daemon.folder / "lib", folder / "away")
        answer = self.request("GET", "/static/index.html")
        self.assertEqual((answer.status, answer.headers["Content-Type"], answer.text), (200, "text/html", "<p>hello</p>"))
        tag = answer.headers["ETag"]
        self.assertEqual(self.request("GET", "/static/index.html", headers={"If-None-Match": tag}).status, 304)
        self.assertEqual(self.request("GET", "/static/sub%2fbig.bin").body, big)
        self.assertEqual(self.request("HEAD", "/static/sub/big.bin").body, b"")
        self.assertEqual(self.request("GET", "/").headers["Location"], "/static/index.html")
        for path in ("../outside.txt", "..%2foutside.txt", "%2e%2e/outside.txt", "sub/../../outside.txt", ".secret", "link.txt", "away/outside.txt",
                     "", "sub", "/etc/passwd", "%2fetc%2fpasswd", "a%00b", "index.html/", "..\\outside.txt"):
            with self.subTest(path):
                raw = self.raw().send(f"GET /static/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = raw.response()
                self.assertIn(answer.status, (403, 404))
                self.assertNotEqual(answer.body, b"no")

    def test_prefix_goes_before_every_path(self):
        self.http("prefix = asterisk")
        self.assertEqual(self.request("GET", "/asterisk/httpstatus").status, 200)
        self.assertEqual(self.request("GET", "/httpstatus").status, 404)
        self.assertEqual(self.request("GET", "/asteriskx/httpstatus").status, 404)

    def test_garbage_does_no_harm(self):
        daemon = self.http("session_inactivity = 1000")
        before, chance = daemon.descriptors(), random.Random(7)
        for _ in range(60):
            raw = Raw(self.server)
            try:
                raw.send(chance.choice([b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"]) +
                         chance.randbytes(chance.randrange(2000)))
            except OSError:
                pass
            raw.close()
        daemon.wait_for_descriptors(before + 1)
        self.assertEqual(self.request("GET", "/httpstatus").status, 200)

    def test_a_client_that_reads_nothing_is_dropped(self):
        daemon = self.http("session_inactivity = 1000\nenable_static = yes")
        folder = daemon.folder / "lib/static-http"
        folder.mkdir(parents=True)
        (folder / "big").write_bytes(bytes(20_000_000))
        deaf = socket.create_connection((self.server, 8088))
        deaf.sendall(b"GET /static/big HTTP/1.1\r\nHost: x\r\n\r\n")
        self.addCleanup(deaf.close)
        wait_until(lambda: "Connections: 1 " in daemon.ask("http show status"), 5, "the connection")
        wait_until(lambda: "Connections: 0 " in daemon.ask("http show status"), 10, "the end of who reads nothing")

    def test_reload_moves_the_port_and_unload_closes_it(self):
        daemon = self.http()
        daemon.write("http.conf", HTTP.format(general="bindport = 8089"))
        daemon.ask("core reload")
        wait_until(lambda: "8089" in daemon.ask("http show status"), 5)
        self.assertEqual(Raw(self.server, 8089).send(GET).response().status, 200)
        daemon.write("http.conf", HTTP.format(general="bindprot = 8089"))
        answer = daemon.cli("core reload", check=False).stdout
        wait_until(lambda: "bindport" in answer + daemon.log_text(), 5, "the nearest word")


if __name__ == "__main__":
    main()
