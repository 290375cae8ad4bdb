"""The manager interface over HTTP: cookies, digest authentication, the three formats, WaitEvent."""
import hashlib
import re
import threading
import time
import urllib.parse
import xml.etree.ElementTree

from ami_fixture import EXTENSIONS, MANAGER
from fixture import SLOWNESS, main, wait_until
from http_fixture import HTTP, HttpTest


class AmiHttp(HttpTest):
    def manager(self, general="webenabled = yes"):
        return self.daemon({"extensions.conf": EXTENSIONS, "manager.conf": MANAGER.format(general=general), "http.conf": HTTP.format(general="")})

    def ask(self, cookie=None, page="rawman", method="GET", **fields):
        query = urllib.parse.urlencode(fields)
        headers = {"Cookie": cookie} if cookie else {}
        if method == "POST":
            return self.request("POST", "/" + page, query, {**headers, "Content-Type": "application/x-www-form-urlencoded"})
        return self.request("GET", f"/{page}?{query}", headers=headers)

    def log_in(self, user="admin", **more):
        answer = self.ask(action="login", username=user, secret="mysecret", **more)
        self.assertIn("Message: Authentication accepted", answer.text)
        return answer.headers["Set-Cookie"].split(";")[0]

    def test_sessions_by_cookie(self):
        daemon = self.manager()
        self.assertIn("Permission denied", self.ask(action="ping").text)
        self.assertIn("Authentication failed", self.ask(action="login", username="admin", secret="wrong").text)
        cookie = self.log_in()
        self.assertRegex(cookie, r'^mansession_id="[0-9a-f]{16}"$')
        answer = self.ask(cookie, action="ping", actionid="x1")
        self.assertEqual(answer.headers["Content-Type"], "text/plain; charset=utf-8")
        self.assertRegex(answer.text, r"^Response: Success\r\nActionID: x1\r\nPing: Pong\r\nTimestamp: [0-9.]+\r\n\r\n$")
        self.assertIn("Value: two", self.ask(cookie, method="POST", action="setvar", variable="V", value="two").text +
                      self.ask(cookie, action="getvar", variable="V").text)
        self.assertIn("Permission denied", self.ask(cookie.replace('id="', 'id="0'), action="ping").text)
        self.assertIn("127.", daemon.ask("manager show connected"))
        self.assertIn("Response: Goodbye", self.ask(cookie, action="logoff").text)
        self.assertIn("Permission denied", self.ask(cookie, action="ping").text)

    def test_challenge(self):
        self.manager()
        answer = self.ask(action="challenge", authtype="MD5")
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        key = hashlib.md5((re.search(r"Challenge: (\d+)", answer.text)[1] + "mysecret").encode()).hexdigest()
        self.assertIn("Authentication accepted", self.ask(cookie, action="login", authtype="MD5", username="admin", key=key).text)
        self.assertIn("Pong", self.ask(cookie, action="ping").text)

    def test_xml_and_html(self):
        self.manager()
        cookie = self.log_in()
        self.ask(cookie, action="setvar", variable="V", value="<a & 'b'>")
        answer = self.ask(cookie, "mxml", action="getvar", variable="V", ajaxdest="here")
        self.assertEqual(answer.headers["Content-Type"], "text/xml; charset=utf-8")
        tree = xml.etree.ElementTree.fromstring(answer.text)
        self.assertEqual(tree.tag, "ajax-response")
        response = tree.find("response")
        self.assertEqual((response.get("type"), response.get("id")), ("object", "here"))
        self.assertEqual(dict(response.find("generic").attrib), {"response": "Success", "variable": "V", "value": "<a & 'b'>"})
        listing = xml.etree.ElementTree.fromstring(self.ask(cookie, "mxml", action="corestatus").text)
        self.assertEqual(listing[0][0].get("response"), "Success")
        page = self.ask(cookie, "manager", action="getvar", variable="V")
        self.assertIn("<tr><td>Value</td><td>&lt;a &amp; &apos;b&apos;&gt;</td></tr>", page.text)

    def test_wait_event_gets_what_came_between_requests(self):
        self.manager()
        cookie, other = self.log_in(Events="user"), self.log_in(Events="off")
        self.ask(other, action="userevent", userevent="one")
        self.assertNotIn("UserEvent", self.ask(cookie, action="ping").text)
        answer = self.ask(cookie, action="waitevent", timeout="10").text
        self.assertEqual(re.findall(r"^Event: (\w+)", answer, re.M), ["UserEvent", "WaitEventComplete"])
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(self.ask(cookie, action="waitevent", timeout="30").text))
        waiting.start()
        time.sleep(0.3)
        began = time.monotonic()
        self.ask(other, action="userevent", userevent="two")
        waiting.join(20 * SLOWNESS)
        self.assertLess(time.monotonic() - began, 10 * SLOWNESS)
        self.assertIn("UserEvent: two", answers[0])
        # Another request of the session ends the wait.
        waiting = threading.Thread(target=lambda: answers.append(self.ask(cookie, action="waitevent", timeout="30").text))
        waiting.start()
        time.sleep(0.3)
        self.assertIn("Pong", self.ask(cookie, action="ping").text)
        waiting.join(10 * SLOWNESS)
        self.assertIn("WaitEventComplete", answers[1])

    def test_sessions_end_by_themselves_and_are_bounded(self):
        daemon = self.manager("webenabled = yes\nhttptimeout = 1\noutputlimit = 16384\nauthlimit = 3")
        cookie = self.log_in()
        wait_until(lambda: "0 users connected" in daemon.ask("manager show connected"), 10, "the end of the session")
        self.assertIn("Permission denied", self.ask(cookie, action="ping").text)
        for _ in range(3):
            self.ask(action="challenge", authtype="MD5")
        self.assertEqual(self.ask(action="challenge", authtype="MD5").status, 503)
        time.sleep(3)
        busy = self.log_in()
        for _ in range(40):  # nobody fetches them
            self.ask(busy, action="ping")
            self.ask(busy, action="userevent", userevent="x", text="y" * 1000)
        self.assertIn("Permission denied", self.ask(busy, action="ping").text)

    def test_digest(self):
        self.manager()
        answer = self.request("GET", "/arawman?action=ping")
        self.assertEqual(answer.status, 401)
        challenge = answer.headers["WWW-Authenticate"]
        realm, nonce = re.search(r'realm="([^"]+)"', challenge)[1], re.search(r'nonce="([^"]+)"', challenge)[1]
        self.assertEqual(realm, "asterisk")
        md5 = lambda text: hashlib.md5(text.encode()).hexdigest()

        def ask(target, count, secret="mysecret", nonce=nonce):
            one, two, nc = md5(f"admin:{realm}:{secret}"), md5(f"GET:{target}"), f"{count:08x}"
            response = md5(f"{one}:{nonce}:{nc}:abc:auth:{two}")
            return self.request("GET", target, headers={"Authorization": f'Digest username="admin", realm="{realm}", nonce="{nonce}", uri="{target}", qop=auth, '
                                                                          f'nc={nc}, cnonce="abc", response="{response}"'})
        self.assertIn("Ping: Pong", ask("/arawman?action=ping", 1).text)
        self.assertIn("ping='Pong'", ask("/amxml?action=ping", 2).text)
        self.assertIn("<td>Pong</td>", ask("/amanager?action=ping", 3).text)
        self.assertEqual(ask("/arawman?action=ping", 3).status, 401)       # once more
        self.assertEqual(ask("/arawman?action=ping", 4, "wrong").status, 401)
        foreign = ask("/arawman?action=ping", 1, nonce="0" * 56)
        self.assertEqual(foreign.status, 401)
        self.assertIn("stale=true", foreign.headers["WWW-Authenticate"])

    def test_off_unless_it_is_wanted(self):
        self.manager("")
        self.assertEqual(self.ask(action="ping").status, 404)


if __name__ == "__main__":
    main()
