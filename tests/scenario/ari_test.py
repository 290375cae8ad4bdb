"""The REST interface: npm's ari-client runs applications over real calls, and requests by hand see paths, codes and models."""
import itertools
import json
import pathlib
import re
import socket
import struct
import subprocess
import threading
import time

import fixture as jt
import raw_phone
from ami_fixture import MANAGER, Client as Manager
from fixture import SLOWNESS, main, wait_until, without_sanitizers
from http_fixture import HTTP, HttpTest

EXTENSIONS = """
[default]
exten => stasis,1,Answer()
 same => n,Stasis(app,one,two)
 same => n,Verbose(1,after stasis ${STASISSTATUS})
 same => n,Wait(60)
exten => _70X,1,Stasis(app,${EXTEN})
 same => n,Verbose(1,after stasis ${STASISSTATUS})
exten => nobody,1,Answer()
 same => n,Stasis(nobody)
 same => n,Verbose(1,without a client ${STASISSTATUS})
 same => n,Wait(60)
exten => tone,1,Answer()
 same => n,PlayTones(620)
 same => n,Wait(60)
exten => far,1,Answer()
 same => n,Set(COLOUR=blue)
 same => n,Wait(60)
exten => ring,1,Ringing()
 same => n,Wait(60)
exten => 300,1,Answer()
 same => n,Wait(60)
exten => there,1,Verbose(1,was sent there)
 same => n,Wait(60)
"""
ARI = """
[general]
allowed_origins = http://panel.example.com
{general}
[admin]
type = user
password = secret
[looker]
type = user
password = secret
read_only = yes
[hashed]
type = user
password_format = crypt
password = $6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1
"""
CHANNEL = ["id", "name", "state", "protocol_id", "caller", "connected", "accountcode", "dialplan", "creationtime", "language"]


class AriTest(HttpTest):
    def ari(self, general="", **files):
        tone = self.folder / "tone1000"
        if not tone.with_suffix(".wav").exists():
            jt.write_tone(tone.with_suffix(".wav"), 1000, 2)
        return self.daemon({"extensions.conf": EXTENSIONS, "http.conf": HTTP.format(general=""), "ari.conf": ARI.format(general=general), **files})

    def call(self, method, path, body=None, **more):
        return self.request(method, "/ari" + path, body, user=more.pop("user", "admin:secret"), **more)

    def ask(self, method, path, body=None, status=200):
        answer = self.call(method, path, body)
        self.assertEqual(answer.status, status, answer.text)
        return json.loads(answer.body) if answer.body else None

    def events(self, app="app", more=""):
        return Events(self, self.websocket(f"/ari/events?app={app}&api_key=admin:secret{more}"))


class Events:
    def __init__(self, test, socket_):
        self.test, self.socket, self.seen = test, socket_, []
        test.assertEqual(socket_.status, 101, socket_.head)

    def wait(self, kind, **fields):
        """The next event of that kind with these fields ("channel.id" as channel_id)."""
        def fits(event):
            for key, value in fields.items():
                found = event
                for part in key.split("_"):
                    found = found.get(part, {}) if isinstance(found, dict) else {}
                if found != value:
                    return False
            return event["type"] == kind
        deadline = time.monotonic() + 15 * SLOWNESS
        while time.monotonic() < deadline:
            try:
                event = self.socket.message()
            except (TimeoutError, EOFError):
                break
            self.seen.append(event)
            if fits(event):
                return event
        raise AssertionError(f"no {kind} {fields} among {[event['type'] for event in self.seen]}")


class Requests(AriTest):
    def test_who_may_ask(self):
        self.ari()
        answer = self.request("GET", "/ari/channels")
        self.assertEqual((answer.status, answer.headers["WWW-Authenticate"]), (401, 'Basic realm="Asterisk REST Interface"'))
        for user, status in (("admin:secret", 200), ("admin:wrong", 401), ("nobody:secret", 401), ("looker:secret", 200),
                             ("hashed:Hello world!", 200), ("hashed:hello", 401)):
            self.assertEqual(self.call("GET", "/channels", user=user).status, status, user)
        self.assertEqual(self.request("GET", "/ari/channels?api_key=admin:secret").status, 200)
        self.assertEqual(self.call("POST", "/bridges", user="looker:secret").status, 403)
        asked = {"Origin": "http://panel.example.com", "Access-Control-Request-Method": "POST"}
        allowed = self.request("OPTIONS", "/ari/bridges", headers=asked)
        self.assertEqual((allowed.status, allowed.headers["Access-Control-Allow-Origin"], allowed.headers["Access-Control-Allow-Methods"]),
                         (204, "http://panel.example.com", "GET,POST,OPTIONS"))
        self.assertEqual(self.request("OPTIONS", "/ari/bridges", headers={**asked, "Origin": "http://bad.example.com"}).status, 403)

    def test_mailboxes_of_a_system_outside(self):
        self.ari()
        self.assertEqual(self.call("PUT", "/mailboxes/1000@office?newMessages=3&oldMessages=1").status, 204)
        wanted = {"name": "1000@office", "old_messages": 1, "new_messages": 3}
        self.assertEqual(self.call("GET", "/mailboxes/1000@office").json(), wanted)
        self.assertEqual(self.call("GET", "/mailboxes").json(), [wanted])
        self.assertEqual(self.call("DELETE", "/mailboxes/1000@office").status, 204)
        self.assertEqual(self.call("GET", "/mailboxes/1000@office").status, 404)

    def test_codes_of_what_is_wrong(self):
        self.ari()
        for method, path, status in (("GET", "/nothing", 404), ("PUT", "/channels", 405), ("GET", "/channels/none", 404), ("DELETE", "/channels/none", 404),
                                     ("POST", "/channels/none/answer", 404), ("POST", "/channels", 400), ("POST", "/channels?endpoint=x", 400),
                                     ("POST", "/channels?endpoint=None/x&app=app", 400), ("GET", "/bridges/none", 404), ("DELETE", "/bridges/none", 404),
                                     ("POST", "/bridges?type=nonsense", 400), ("GET", "/playbacks/none", 404), ("GET", "/recordings/live/none", 404),
                                     ("GET", "/recordings/stored/none", 404), ("GET", "/recordings/stored/..%2f..%2fetc%2fx.conf", 404), ("GET", "/endpoints/None", 404),
                                     ("GET", "/endpoints/PJSIP/none", 404), ("GET", "/applications/none", 404), ("PUT", "/deviceStates/Custom:x?deviceState=INUSE", 409),
                                     ("PUT", "/deviceStates/Stasis:x?deviceState=NONSENSE", 400), ("PUT", "/deviceStates/Stasis:x", 400),
                                     ("GET", "/mailboxes/none", 404), ("DELETE", "/mailboxes/none", 404), ("PUT", "/mailboxes/a%2fb?newMessages=1&oldMessages=0", 400), ("PUT", "/mailboxes/a?newMessages=x&oldMessages=0", 400), ("GET", "/events", 400), ("GET", "/events?app=app", 426), ("GET", "/asterisk/info?only=nonsense", 400),
                                     ("GET", "/asterisk/modules/none.so", 404), ("GET", "/api-docs/none.json", 404), ("POST", "/events/user/x?application=none", 404)):
            with self.subTest(f"{method} {path}"):
                answer = self.call(method, path)
                self.assertEqual(answer.status, status, answer.text)
                self.assertIn("message", answer.json())
        self.assertEqual(self.request("POST", "/ari/bridges", "{nonsense", {"Content-Type": "application/json"}, user="admin:secret").status, 400)

    def test_the_system(self):
        self.ari("pretty = yes")
        info = self.ask("GET", "/asterisk/info")
        self.assertEqual(set(info), {"build", "system", "config", "status"})
        self.assertEqual(set(self.ask("GET", "/asterisk/info?only=system")), {"system"})
        self.assertEqual(self.ask("GET", "/asterisk/ping")["ping"], "pong")
        self.assertIn(b'\n  "', self.call("GET", "/asterisk/ping").body)
        modules = {module["name"]: module["status"] for module in self.ask("GET", "/asterisk/modules")}
        self.assertEqual(modules["res_ari.so"], "Running")
        self.assertEqual(self.ask("GET", "/asterisk/modules/app_echo.so")["status"], "Running")
        self.ask("DELETE", "/asterisk/modules/app_echo.so", status=204)
        self.ask("POST", "/asterisk/modules/app_echo.so", status=204)
        self.ask("PUT", "/asterisk/modules/app_echo.so", status=204)
        self.ask("DELETE", "/asterisk/modules/res_ari.so", status=409)
        self.ask("POST", "/asterisk/variable?variable=WHERE&value=here%20%26%20now", status=204)
        self.assertEqual(self.ask("GET", "/asterisk/variable?variable=WHERE"), {"value": "here & now"})
        self.ask("POST", "/asterisk/logging/extra.log?configuration=notice,warning", status=204)
        self.assertTrue(any("extra.log" in channel["channel"] for channel in self.ask("GET", "/asterisk/logging")))
        self.ask("PUT", "/asterisk/logging/extra.log/rotate", status=204)
        self.ask("DELETE", "/asterisk/logging/extra.log", status=204)

    def test_device_states_are_kept_and_told(self):
        self.ari()
        events = self.events()
        self.ask("POST", "/applications/app/subscription?eventSource=deviceState:Stasis:lamp")
        self.ask("PUT", "/deviceStates/Stasis:lamp?deviceState=INUSE", status=204)
        self.assertEqual(events.wait("DeviceStateChanged")["device_state"], {"name": "Stasis:lamp", "state": "INUSE"})
        self.assertEqual(self.ask("GET", "/deviceStates"), [{"name": "Stasis:lamp", "state": "INUSE"}])
        self.ask("DELETE", "/deviceStates/Stasis:lamp", status=204)
        self.assertEqual(self.ask("GET", "/deviceStates"), [])

    def test_objects_of_sip_are_read_and_changed_as_transactions(self):
        own = "; the phones\n" + jt.TRANSPORT + jt.PHONE_TEMPLATE + "#include phones.conf\n"
        jackfield = self.ari(**{"pjsip.conf": own, "phones.conf": jt.phone_objects("6001") + "; the end\n"})
        where = "/asterisk/config/dynamic/res_pjsip"
        def fields(path, answer=None):
            return {each["attribute"]: each["value"] for each in answer or self.ask("GET", where + path)}
        def put(path, status=200, **values):
            body = json.dumps({"fields": [{"attribute": name, "value": value} for name, given in values.items()
                                          for value in (given if isinstance(given, list) else [given])]})
            answer = self.call("PUT", where + path, body, headers={"Content-Type": "application/json"})
            self.assertEqual(answer.status, status, answer.text)
            return answer.json()
        endpoint = fields("/endpoint/6001")
        self.assertEqual(("6001", "6001", "default", '"Phone 6001" <6001>'), tuple(endpoint[name] for name in ("auth", "aors", "context", "callerid")))
        self.assertIn("ulaw", endpoint["allow"])
        self.assertEqual("userpass", fields("/auth/6001")["auth_type"])
        for path, status in (("/endpoint/none", 404), ("/nonsense/6001", 404)):
            self.assertEqual(self.call("GET", where + path).status, status, path)
        self.assertEqual(self.call("GET", "/asterisk/config/dynamic/none/endpoint/6001").status, 404)
        # A change goes to the file that has the object, and to its section of that type
        self.assertEqual("inside", fields("", put("/endpoint/6001", context="inside"))["context"])
        phones = (jackfield.etc / "phones.conf").read_text()
        self.assertIn("context", phones.partition("type=auth")[0])
        self.assertTrue(phones.endswith("; the end\n"))
        self.assertIn("context               : inside".replace(" ", ""), jackfield.ask("pjsip show endpoint 6001").replace(" ", ""))
        # What is wrong changes nothing, and says why
        before = {path.name: path.read_text() for path in jackfield.etc.iterdir()}
        self.assertIn("nobody", put("/endpoint/6001", 403, aors="nobody")["message"])
        self.assertIn("contxt", put("/endpoint/6001", 403, contxt="x")["message"])
        self.assertIn("6001", self.call("DELETE", where + "/aor/6001").json()["message"])
        put("/endpoint/6001", 403, type="aor")
        put("/endpoint/a%5Db", 403, context="x")
        self.assertEqual(self.call("PUT", where + "/aor/6001", '{"fields": [{"attribute": 1}]}', headers={"Content-Type": "application/json"}).status, 400)
        self.assertEqual(before, {path.name: path.read_text() for path in jackfield.etc.iterdir()})
        # New objects, several values of one name, and the end of them
        put("/aor/6002", contact=["sip:a@192.0.2.1", "sip:b@192.0.2.2"], max_contacts="2")
        put("/auth/6002", auth_type="userpass", username="6002", password="secret6002")
        put("/endpoint/6002", aors="6002", auth="6002", allow="alaw", context="default")
        def sorcery(what):
            return jackfield.ask(f"dialplan eval function AST_SORCERY({what})").partition("Result: ")[2].strip()
        self.assertEqual("sip:a@192.0.2.1,sip:b@192.0.2.2", sorcery("res_pjsip,aor,6002,contact"))
        self.assertEqual("sip:a@192.0.2.1;sip:b@192.0.2.2", sorcery("res_pjsip,aor,6002,contact,concat,\\;"))
        self.assertEqual("sip:b@192.0.2.2", sorcery("res_pjsip,aor,6002,contact,single,2"))
        self.assertEqual("default", sorcery("res_pjsip,endpoint,6002,context"))
        self.assertIn("6002", jackfield.ask("pjsip show endpoints"))
        put("/aor/6002", contact="sip:c@192.0.2.3")
        self.assertEqual("sip:a@192.0.2.1,sip:c@192.0.2.3", fields("/aor/6002")["contact"])
        put("/aor/6002", contact=["sip:d@192.0.2.4", "sip:e@192.0.2.5"])
        self.assertEqual("sip:d@192.0.2.4,sip:e@192.0.2.5", fields("/aor/6002")["contact"])
        for path in ("/endpoint/6002", "/auth/6002", "/aor/6002"):
            self.ask("DELETE", where + path, status=204)
            self.assertEqual(self.call("DELETE", where + path).status, 404)
        history = jackfield.ask("config history")
        self.assertIn("ari admin", history)
        self.assertIn("add endpoint 6002", history)
        number = next(line.split()[0] for line in history.splitlines() if "change endpoint 6001" in line)
        self.assertIn("+context", jackfield.ask(f"config diff {number}").replace(" ", ""))

    def test_transfers_are_left_to_the_application_that_has_the_channel(self):
        far = self.address()
        trunk = raw_phone.TRUNK.replace("@OPTIONS@", "set_var=PJSIP_TRANSFER_HANDLING()=ari-only").replace("@WHERE@", far)
        self.ari(**{"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + trunk,
                    "extensions.conf": "[default]\nexten => 600,1,Stasis(app)\n same => n,Wait(60)\n"})
        events, phone = self.events(), raw_phone.RawPhone(self, far, self.server)
        phone.send("INVITE", f"v=0\r\no=- 1 1 IN IP4 {far}\r\ns=-\r\nc=IN IP4 {far}\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n",
                   "Content-Type: application/sdp\r\n")
        channel = events.wait("StasisStart")["channel"]["id"]
        self.assertEqual(204, self.call("POST", f"/channels/{channel}/answer").status)
        phone.tag = ";" + re.search(r"(?m)^To: .*;(tag=\S+)", phone.wait("SIP/2.0 200")).group(1)
        phone.send("ACK", cseq=phone.cseq)
        bridge = self.ask("POST", "/bridges")["id"]
        self.call("POST", f"/bridges/{bridge}/addChannel?channel={channel}")
        def refer(target, status="202"):
            phone.send("REFER", headers=f"Refer-To: <{target}>\r\n")
            phone.wait(f"SIP/2.0 {status}", "REFER")
        def tell(state):
            return self.call("POST", f"/channels/{channel}/transfer_progress?states={state}").status
        self.assertEqual((400, 412), (tell("nonsense"), tell("channel_progress")))
        refer(f"sip:900@{self.server}")
        told = events.wait("ChannelTransfer")
        self.assertEqual({"requested_destination": {"destination": "900"}}, told["refer_to"])
        self.assertEqual((channel, bridge), (told["referred_by"]["source_channel"]["id"], told["referred_by"]["bridge"]["id"]))
        phone.wait("NOTIFY", "SIP/2.0 100")
        refer(f"sip:901@{self.server}", "491")
        self.assertEqual((204, 412), (tell("channel_answered"), tell("channel_answered")))
        self.assertIn("Subscription-State: terminated", phone.wait("NOTIFY", "SIP/2.0 200 OK"))
        refer(f"sip:900@{self.server}?Replaces=other%40far%3Bto-tag%3D1%3Bfrom-tag%3D2")
        self.assertEqual({"requested_destination": {"protocol_id": "other@far"}}, events.wait("ChannelTransfer")["refer_to"])
        self.assertEqual(204, tell("channel_declined"))
        phone.wait("NOTIFY", "SIP/2.0 603 Decline")
        self.call("POST", f"/channels/{channel}/continue")
        events.wait("StasisEnd")
        refer(f"sip:900@{self.server}", "603")
        self.assertEqual(409, tell("channel_answered"))

    def test_endpoints_are_referred_to_others_and_their_contacts_watched(self):
        phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(phone.close)
        address = self.address()
        phone.bind((address, 5060))
        phone.settimeout(10 * SLOWNESS)
        aors = f"[6001]\ntype=aor\ncontact=sip:ann@{address}:5060\n[6002]\ntype=aor\ncontact=sip:bob@192.0.2.9\n" \
               f"[6001-from]\ntype=identify\nendpoint=6001\nmatch={address}\n"
        daemon = self.ari(**{"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + "[6001](phone)\naors=6001\n[6002](phone)\naors=6002\n" + aors})
        def refer(path, status, answer="202 Accepted"):
            done = {}
            asking = threading.Thread(target=lambda: done.update(answer=self.call("POST", path)))
            asking.start()
            request, sender = phone.recvfrom(4000)
            lines = request.decode().split("\r\n")
            copied = [line for line in lines if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
            phone.sendto("\r\n".join([f"SIP/2.0 {answer}", *copied, "Content-Length: 0", "", ""]).encode(), sender)
            asking.join()
            self.assertEqual(status, done["answer"].status, done["answer"].text)
            return lines[0], dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        line, headers = refer("/endpoints/PJSIP/6001/refer?from=desk&refer_to=sip:carol@example.com", 202)
        self.assertTrue(line.startswith(f"REFER sip:ann@{address}"), line)
        self.assertEqual(("<sip:carol@example.com>", "false"), (headers["Refer-To"], headers["Refer-Sub"]))
        self.assertIn("sip:desk@", headers["From"])
        _, headers = refer("/endpoints/refer?to=pjsip:6001&from=desk&refer_to=PJSIP/6002", 202)
        self.assertEqual("<sip:bob@192.0.2.9>", headers["Refer-To"])
        _, headers = refer("/endpoints/refer?to=pjsip:6001&from=desk&refer_to=6002&to_self=true", 404, "603 Decline")
        self.assertEqual(f"<sip:6002@{self.server}:5060>", headers["Refer-To"])
        for path, status in (("/endpoints/None/x/refer?from=a&refer_to=b", 400), ("/endpoints/refer?to=6001&from=a&refer_to=b", 400),
                             ("/endpoints/PJSIP/6001/refer?from=a&refer_to=nobody", 400), ("/endpoints/PJSIP/none/refer?from=a&refer_to=6002", 400)):
            self.assertEqual(status, self.call("POST", path).status, path)
        events = self.events(more="&subscribeAll=true")
        daemon.ask("pjsip qualify 6001")
        options, sender = phone.recvfrom(4000)
        lines = options.decode().split("\r\n")
        copied = [line for line in lines if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
        phone.sendto("\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""]).encode(), sender)
        told = events.wait("ContactStatusChange", endpoint_resource="6001")
        self.assertEqual(("Reachable", "6001", f"sip:ann@{address}:5060"),
                         tuple(told["contact_info"][name] for name in ("contact_status", "aor", "uri")))
        self.assertEqual("Reachable", events.wait("PeerStatusChange", endpoint_resource="6001")["peer"]["peer_status"])
        # A message for which the dialplan has nothing: an application takes it; without one it is refused.
        def message(number):
            phone.sendto("\r\n".join([
                f"MESSAGE sip:office@{self.server} SIP/2.0", f"Via: SIP/2.0/UDP {address}:5060;branch=z9hG4bK-{number}", "Max-Forwards: 70",
                f"From: <sip:ann@{address}>;tag={number}", f"To: <sip:office@{self.server}>", f"Call-ID: message-{number}@{address}", "CSeq: 1 MESSAGE",
                "Content-Type: text/plain", "Content-Length: 5", "", "hello"]).encode(), (self.server, 5060))
            return phone.recvfrom(4000)[0].decode().split("\r\n")[0]
        self.assertEqual("SIP/2.0 202 Accepted", message(1))
        told = events.wait("TextMessageReceived", endpoint_resource="6001")["message"]
        self.assertEqual((f"<sip:ann@{address}>", f"pjsip:office@{self.server}", "hello", "6001"),
                         (told["from"], told["to"], told["body"], told["variables"]["PJSIP_ENDPOINT"]))
        events.socket.socket.shutdown(socket.SHUT_RDWR)
        numbers = itertools.count(2)
        wait_until(lambda: message(next(numbers)) == "SIP/2.0 404 Not Found", 20, "a refusal once no application is there")

    def test_documents_name_every_operation_that_is_there(self):
        self.ari()
        resources = self.ask("GET", "/api-docs/resources.json")
        names = [api["path"].split("/")[-1].split(".")[0] for api in resources["apis"]]
        self.assertEqual(set(names), {"asterisk", "endpoints", "channels", "bridges", "recordings", "sounds", "playbacks", "deviceStates",
                                      "mailboxes", "events", "applications"})
        self.assertEqual(resources["basePath"], f"http://{self.server}:8088/ari")
        for name in names:
            document = self.ask("GET", f"/api-docs/{name}.json")
            for api in document["apis"]:
                for operation in api["operations"]:
                    path = {parameter["name"] for parameter in operation["parameters"] if parameter["paramType"] == "path"}
                    self.assertEqual(path, {part[1:-1] for part in api["path"].split("/") if part.startswith("{")}, api["path"])


class Applications(AriTest):
    def originate(self, where="stasis", **more):
        """A Local call; its far half runs `where` of the dialplan, the near one what `more` says."""
        query = "&".join(f"{key}={value}" for key, value in more.items())
        return self.ask("POST", f"/channels?endpoint=Local/{where}@default/n&{query}", {"variables": {"SIZE": "big"}})

    def test_a_channel_from_beginning_to_end(self):
        self.ari("channelvars = SIZE")
        events = self.events(more="&subscribeAll=true")
        made = self.originate("far", app="app", appArgs="a,b", channelId="call-1", callerId="Web%20%3C77%3E")
        self.assertEqual(list(made), [*CHANNEL, "channelvars"])
        self.assertEqual((made["id"], made["channelvars"]), ("call-1", {"SIZE": "big"}))
        self.ask("POST", "/channels?endpoint=Local/far@default&app=app&channelId=call-1", status=409)
        start = events.wait("StasisStart")
        self.assertEqual((start["args"], start["channel"]["id"], start["application"]), (["a", "b"], "call-1", "app"))
        self.assertRegex(start["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$")
        self.assertEqual(start["channel"]["caller"], {"name": "Web", "number": "77"})
        kinds = [event["type"] for event in events.seen]
        for kind in ("ChannelCreated", "Dial", "ChannelVarset", "ChannelStateChange", "ChannelDialplan"):
            self.assertIn(kind, kinds)
        self.assertIn("call-1", [channel["id"] for channel in self.ask("GET", "/channels")])
        self.assertEqual(self.ask("GET", "/applications/app")["channel_ids"], ["call-1"])
        self.assertEqual(self.ask("GET", "/channels/call-1")["state"], "Up")
        self.ask("POST", "/channels/call-1/variable?variable=A&value=1", status=204)
        self.assertEqual(events.wait("ChannelVarset", variable="A")["value"], "1")
        self.assertEqual(self.ask("GET", "/channels/call-1/variable?variable=A"), {"value": "1"})
        self.assertEqual(self.ask("GET", "/channels/call-1/variable?variable=CALLERID(num)"), {"value": "77"})
        self.ask("GET", "/channels/call-1/variable?variable=NONE", status=404)
        self.ask("GET", "/channels/call-1/variable?variable=SHELL(id)", status=403)
        self.ask("POST", "/channels/call-1/variable?variable=FILE(/nowhere/x)&value=1", status=403)
        self.assertEqual(self.ask("GET", "/channels/call-1/variable?variable=EVAL($%7BSHELL(id)%7D)"), {"value": ""})
        for path in ("hold", "moh", "mute"):
            self.ask("POST", f"/channels/call-1/{path}", status=204)
            self.ask("DELETE", f"/channels/call-1/{path}", status=204)
        self.ask("POST", "/channels/call-1/mute?direction=up", status=400)
        self.ask("POST", "/channels/call-1/dtmf?dtmf=x", status=400)
        self.ask("POST", "/channels/call-1/dtmf?dtmf=12", status=204)
        self.assertEqual(events.wait("ChannelDtmfReceived")["digit"], "1")
        for method in ("POST", "DELETE"):
            self.ask(method, "/channels/call-1/silence", status=204)
        self.ask("DELETE", "/channels/call-1?reason=nonsense", status=400)
        self.ask("DELETE", "/channels/call-1?reason=busy", status=204)
        events.wait("StasisEnd", channel_id="call-1")
        end = events.wait("ChannelDestroyed", channel_id="call-1")
        self.assertEqual((end["cause"], end["cause_txt"]), (17, "User busy"))
        self.ask("GET", "/channels/call-1", status=404)
        self.assertEqual(self.ask("GET", "/applications/app")["channel_ids"], [])

    def test_a_snoop_channel_and_external_media(self):
        self.ari()
        events = self.events()
        self.originate("tone", app="app", channelId="call-1")
        events.wait("StasisStart", channel_id="call-1")
        self.ask("POST", "/channels/none/snoop?app=app&spy=in", status=404)
        self.ask("POST", "/channels/call-1/snoop?app=app", status=400)
        self.ask("POST", "/channels/call-1/snoop?app=app&spy=up", status=400)
        self.ask("POST", "/channels/call-1/snoop?app=none&spy=in", status=400)
        snoop = self.ask("POST", "/channels/call-1/snoop/ear-1?app=app&spy=in&appArgs=x")
        self.assertEqual((snoop["id"], snoop["state"]), ("ear-1", "Up"))
        self.assertTrue(snoop["name"].startswith("Snoop/call-1-"), snoop["name"])
        self.assertEqual(events.wait("StasisStart", channel_id="ear-1")["args"], ["x"])
        self.ask("POST", "/channels/call-1/snoop/ear-1?app=app&spy=in", status=409)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            program.bind((self.server, 0))
            program.settimeout(10 * SLOWNESS)
            host = f"{self.server}:{program.getsockname()[1]}"
            self.ask("POST", "/channels/externalMedia?app=app&format=slin", status=400)
            self.ask("POST", f"/channels/externalMedia?app=app&format=ulaw&external_host={host}&encapsulation=morse", status=400)
            made = self.ask("POST", f"/channels/externalMedia?app=app&format=slin16&external_host={host}&channelId=program-1")
            self.assertTrue(made["name"].startswith(f"UnicastRTP/{host}-"), made["name"])
            events.wait("StasisStart", channel_id="program-1")
            port = self.ask("GET", "/channels/program-1/variable?variable=UNICASTRTP_LOCAL_PORT")["value"]
            self.assertGreater(int(port), 1024)
            self.ask("POST", "/bridges/ears?type=mixing")
            self.ask("POST", "/bridges/ears/addChannel?channel=ear-1,program-1", status=204)
            samples = []
            while jt.level(samples[-6400:], 620, 16000) < 0.05:  # what is heard of the call, at the program
                packet = program.recv(2048)
                self.assertLess(len(samples), 10 * 16000)
                samples += struct.unpack(f">{(len(packet) - 12) // 2}h", packet[12:])
        self.ask("DELETE", "/channels/call-1", status=204)
        events.wait("ChannelDestroyed", channel_id="ear-1")
        self.ask("DELETE", "/channels/program-1", status=204)
        events.wait("ChannelDestroyed", channel_id="program-1")

    def test_without_a_client_the_dialplan_goes_on(self):
        daemon = self.ari()
        self.ask("POST", "/channels?endpoint=Local/nobody@default/n&extension=far&context=default")
        daemon.wait_for_log("without a client FAILED")

    def test_continue_move_and_another_session(self):
        daemon = self.ari()
        events, other = self.events(), self.events("second")
        self.originate("stasis", extension="far", context="default")
        start = events.wait("StasisStart")
        self.assertEqual(start["args"], ["one", "two"])
        channel = start["channel"]["id"]
        self.ask("POST", f"/channels/{channel}/move?app=none", status=404)
        self.ask("POST", f"/channels/{channel}/move?app=second&appArgs=x", status=204)
        events.wait("StasisEnd")
        self.assertEqual(other.wait("StasisStart")["args"], ["x"])
        replaced = self.events("second")
        other.wait("ApplicationReplaced")
        self.ask("POST", f"/channels/{channel}/continue?label=none", status=404)
        self.ask("POST", f"/channels/{channel}/continue?extension=there&context=default&priority=1", status=204)
        replaced.wait("StasisEnd")
        daemon.wait_for_log("was sent there")
        self.ask("POST", f"/channels/{channel}/answer", status=409)
        self.originate("stasis", extension="far", context="default")
        self.ask("POST", f"/channels/{events.wait('StasisStart')['channel']['id']}/continue", status=204)
        daemon.wait_for_log("after stasis SUCCESS")

    def test_bridges_and_their_members(self):
        self.ari()
        events = self.events()
        bridge = self.ask("POST", "/bridges?type=mixing&name=room")
        self.assertEqual((bridge["bridge_type"], bridge["bridge_class"], bridge["creator"], bridge["name"], bridge["channels"]),
                         ("mixing", "stasis", "Stasis", "room", []))
        self.assertEqual(self.ask("POST", "/bridges/mine")["id"], "mine")
        self.assertEqual(self.ask("POST", "/bridges/mine")["id"], "mine")
        self.ask("POST", "/bridges/mine?type=holding", status=409)
        members = []
        for _ in range(2):
            self.originate("stasis", extension="far", context="default")
            members.append(events.wait("StasisStart")["channel"]["id"])
        self.ask("POST", "/bridges/mine/addChannel", status=400)
        self.ask("POST", "/bridges/mine/addChannel?channel=none", status=400)
        self.ask("POST", f"/bridges/mine/addChannel?channel={','.join(members)}", status=204)
        self.assertEqual(events.wait("ChannelEnteredBridge")["bridge"]["id"], "mine")
        self.assertEqual(sorted(self.ask("GET", "/bridges/mine")["channels"]), sorted(members))
        self.assertEqual(self.ask("GET", "/applications/app")["bridge_ids"], ["mine"])
        self.ask("POST", f"/bridges/{bridge['id']}/addChannel?channel={members[0]}", status=204)
        self.assertEqual(events.wait("ChannelLeftBridge")["channel"]["id"], members[0])
        self.assertEqual(self.ask("GET", "/bridges/mine")["channels"], members[1:])
        for method, path, status in (("POST", "mine/videoSource/none", 404), ("POST", f"mine/videoSource/{members[0]}", 422), ("POST", f"mine/videoSource/{members[1]}", 204),
                                     ("DELETE", "mine/videoSource", 204), ("DELETE", "none/videoSource", 404)):
            self.ask(method, f"/bridges/{path}", status=status)
        self.ask("POST", f"/bridges/mine/removeChannel?channel={members[0]}", status=422)
        self.ask("POST", f"/bridges/mine/removeChannel?channel={members[1]}", status=204)
        self.assertEqual(self.ask("GET", f"/channels/{members[1]}")["state"], "Up")  # it is in the application still
        self.ask("DELETE", f"/bridges/{bridge['id']}", status=204)
        events.wait("BridgeDestroyed")
        self.assertEqual(self.ask("GET", f"/channels/{members[0]}")["state"], "Up")
        self.assertEqual([each["id"] for each in self.ask("GET", "/bridges")], ["mine"])

    def test_an_attended_transfer_is_told_with_all_who_have_part_in_it(self):
        self.ari(**{"manager.conf": MANAGER.format(general="")})
        events = self.events(more="&subscribeAll=true")
        client = Manager(self.server).login()
        self.addCleanup(client.close)
        for name in ("one", "other"):
            self.originate("far", extension="far", context="default", channelId=name)
            client.event("Newstate", Uniqueid=name, ChannelStateDesc="Up")
        one, other = (self.ask("GET", f"/channels/{name}")["name"] for name in ("one", "other"))
        client.ask("Bridge", Channel1=one, Channel2=other)
        bridge = client.event("BridgeEnter", Channel=other).get("BridgeUniqueid")
        client.ask("Atxfer", Channel=one, Context="default", Exten="300")
        target = client.event("Newchannel", Exten="300").get("Channel")[:-1] + "1"
        client.event("Newstate", Channel=target, ChannelStateDesc="Up")
        client.ask("Hangup", Channel=one)
        told = events.wait("BridgeAttendedTransfer")
        self.assertEqual([told[name]["name"] for name in ("transferer_first_leg", "transferer_second_leg", "transferee", "transfer_target")],
                         [one, one, other, target])
        self.assertEqual((told["result"], told["destination_type"], told["destination_bridge"], told["is_external"]),
                         ("Success", "bridge", bridge, False))

    def test_a_channel_that_is_dialled_later(self):
        self.ari()
        events = self.events()
        made = self.ask("POST", "/channels/create?endpoint=Local/far@default/n&app=app&channelId=later")
        self.assertEqual(made["state"], "Down")
        events.wait("StasisStart", channel_id="later")
        self.ask("POST", "/channels/later/dial?timeout=20", status=204)
        self.assertEqual(events.wait("Dial", dialstatus="ANSWER")["peer"]["id"], "later")
        self.assertEqual(self.ask("GET", "/channels/later")["state"], "Up")
        self.ask("POST", "/channels/later/dial", status=409)
        self.ask("POST", "/channels/create?endpoint=Local/ring@default/n&app=app&channelId=unheard")
        events.wait("StasisStart", channel_id="unheard")
        self.ask("POST", "/channels/unheard/dial?timeout=1", status=204)
        self.assertEqual(events.wait("ChannelDestroyed", channel_id="unheard")["cause"], 19)

    def test_filters_and_events_of_ones_own(self):
        self.ari()
        events = self.events(more="&subscribeAll=true")
        self.ask("POST", "/events/user/Hello?application=app", {"variables": {"a": "1"}}, status=204)
        told = events.wait("ChannelUserevent")
        self.assertEqual((told["eventname"], told["userevent"]), ("Hello", {"a": "1"}))
        self.ask("PUT", "/applications/app/eventFilter", {"allowed": [{"type": 1}]}, status=400)
        filtered = self.ask("PUT", "/applications/app/eventFilter", {"allowed": [{"type": "ChannelDestroyed"}]})
        self.assertEqual(filtered["events_allowed"], [{"type": "ChannelDestroyed"}])
        made = self.originate("far", app="app")
        wait_until(lambda: self.ask("GET", f"/channels/{made['id']}")["state"] == "Up", 10)
        self.ask("DELETE", f"/channels/{made['id']}", status=204)
        before = len(events.seen)
        events.wait("ChannelDestroyed")
        self.assertEqual({event["type"] for event in events.seen[before:]}, {"ChannelDestroyed"})

    def test_a_client_that_reads_nothing_is_dropped(self):
        daemon = self.ari("outputlimit = 16384")
        deaf = self.websocket("/ari/events?app=app&subscribeAll=true&api_key=admin:secret")
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = "x" * 4000
        for _ in range(3000):
            answer = self.call("POST", "/events/user/Noise?application=app", {"variables": {"a": text}})
            if answer.status != 204 or "reads too slowly" in daemon.log_text():
                break
        daemon.wait_for_log("reads too slowly")
        wait_until(lambda: "yes" not in daemon.ask("ari show apps"), 5, "the end of the session")

    def test_unloading_ends_sessions(self):
        daemon = self.ari()
        events = self.events()
        daemon.ask("module unload res_ari")
        with self.assertRaises(EOFError):
            while True:
                events.socket.frame()
        daemon.ask("module load res_ari")
        self.events()


# A Stasis application as people write them: it answers, plays, records, and bridges two calls.
PUBLISHED_CLIENT = """
const client = require('ari-client');
const [server, tone, alone] = process.argv.slice(2);  // alone: it calls by itself, over Local channels
const told = [], started = [];
const tell = (what) => told.push(what);
const fail = (where) => (error) => { console.error(where, error && error.message); process.exit(1); };
client.connect(`http://${server}:8088`, 'admin', 'secret').then(async (ari) => {
    const bridge = await ari.bridges.create({type: 'mixing', name: 'room'});
    ari.on('StasisStart', async (event, channel) => {
        try {
            tell('start ' + event.args[0]);
            await channel.answer();
            if (event.args[0] === '700') {
                channel.on('ChannelDtmfReceived', (event) => tell('digit ' + event.digit));
                const playback = ari.Playback();
                playback.once('PlaybackStarted', () => tell('playing'));
                const finished = new Promise((resolve) => playback.once('PlaybackFinished', (event) => resolve(event.playback.state)));
                await channel.play({media: 'sound:' + tone}, playback);
                tell('played ' + await finished);
                const recording = ari.LiveRecording('taken');
                const recorded = new Promise((resolve) => ari.on('RecordingFinished', (event) => resolve(event.recording.name)));
                await channel.record({name: 'taken', format: 'wav', maxDurationSeconds: 2, ifExists: 'overwrite'}, recording);
                tell('recorded ' + await recorded);
                tell('stored ' + (await ari.recordings.getStored({recordingName: 'taken'})).format);
            }
            started.push(channel);
            channel.once('ChannelEnteredBridge', (event) => tell('entered ' + event.bridge.name));
            await bridge.addChannel({channel: channel.id});
            if (started.length < 2) return;
            console.log('BRIDGED');
            if (!alone) return;
            const playback = await bridge.play({media: 'sound:' + tone});
            await new Promise((resolve) => playback.once('PlaybackFinished', resolve));
            tell('played to the bridge');
            await started[0].hangup();
        } catch (error) { fail('start')(error); }
    });
    ari.on('StasisEnd', async (event) => {
        tell('end');
        if (told.filter((what) => what === 'end').length < 2) return started.filter((each) => each.id !== event.channel.id).forEach((each) => each.hangup().catch(() => {}));
        await bridge.destroy();
        console.log(JSON.stringify(told));
        process.exit(0);
    });
    await ari.start('app');
    console.log('READY');
    for (const number of alone ? ['700', '701'] : [])
        await ari.channels.originate({endpoint: `Local/${number}@default/n`, extension: 'far', context: 'default', priority: 1, variables: {A: '1'}});
}).catch(fail('connect'));
setTimeout(() => { console.error('no end', told); process.exit(2); }, 90000);
"""


@without_sanitizers
class PublishedClientTest(AriTest):
    def client(self):
        folder = self.npm_folder("ari-client@2.2.0")
        (folder / "application.js").write_text(PUBLISHED_CLIENT)
        return folder

    def test_ari_client_from_npm_originates_plays_records_and_bridges(self):
        folder = self.client()
        self.ari()
        done = subprocess.run(["node", "application.js", self.server, str(self.folder / "tone1000"), "alone"], cwd=folder, capture_output=True, text=True,
                              timeout=100)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = json.loads(done.stdout.strip().splitlines()[-1])
        for what in ("start 700", "start 701", "playing", "played done", "recorded taken", "stored wav", "entered room", "played to the bridge"):
            self.assertIn(what, told)

    def test_ari_client_from_npm_runs_an_application_over_two_calls(self):
        folder = self.client()
        self.ari(**{"pjsip.conf": jt.TRANSPORT + jt.PHONE_TEMPLATE + jt.phone_objects("6001") + jt.phone_objects("6002")})
        output = self.folder / "application.txt"
        with output.open("w") as out:
            process = subprocess.Popen(["node", "application.js", self.server, str(self.folder / "tone1000")], cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        says = lambda text: wait_until(lambda: text in output.read_text() or process.poll() is not None, 20, text) and self.assertIn(text, output.read_text())
        says("READY")
        alice, bob = self.phone("6001", tone=440), self.phone("6002", tone=700)
        alice.dial("700")
        alice.wait_event("CALL_ESTABLISHED")
        alice.wait_to_hear(1000)                           # the playback
        alice.press("5")
        bob.dial("701")
        bob.wait_event("CALL_ESTABLISHED")
        says("BRIDGED")
        alice.wait_to_hear(700)                            # each other, in the bridge
        bob.wait_to_hear(440)
        alice.hang_up()
        bob.wait_event("CALL_CLOSED", 15)
        self.assertEqual(process.wait(20 * SLOWNESS), 0, output.read_text())
        told = json.loads(output.read_text().strip().splitlines()[-1])
        for what in ("start 700", "start 701", "playing", "played done", "recorded taken", "stored wav", "digit 5", "entered room"):
            self.assertIn(what, told)
        taken = self.daemons[0].folder / "spool/recording/taken.wav"
        self.assertGreater(jt.level(jt.read_samples(taken)[4000:12000], 440), 0.1)


if __name__ == "__main__":
    main()
