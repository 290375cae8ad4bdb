"""Client-initiated connections (RFC 5626), URIs of devices (RFC 5627), Path (RFC 3327) and Service-Route (RFC 3608), both ways."""
import re
import threading
import urllib.parse
import urllib.request

import fixture as jt
from ami_fixture import Client as Manager
from sip_peer import Peer, listen

PHONES = jt.TRANSPORT + """
[global]
type=global
flow_timer=@FLOW_TIMER@
[system]
type=system
timer_t1=50
""" + jt.PHONE_TEMPLATE
PLAN = "[default]\nexten => _60XX,1,Dial(PJSIP/${EXTEN},10)\n same => n,Hangup()\n"
SDP = "v=0\r\no=- 1 1 IN IP4 @HOST@\r\ns=-\r\nc=IN IP4 @HOST@\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
DESK, SOFT = (f'"<urn:uuid:00000000-0000-1000-8000-00000000000{n}>"' for n in (1, 2))


class Registrar(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        objects = "".join(jt.phone_objects(user) for user in ("6001", "6002"))
        self.jackfield = self.daemon({"pjsip.conf": PHONES.replace("@FLOW_TIMER@", "60") + objects, "extensions.conf": PLAN})

    def peer(self, address, user="6001"):
        made = Peer.connect(address, self.server, user=user)
        self.addCleanup(made.close)
        return made

    def invite(self, caller, uri, call_id):
        body = SDP.replace("@HOST@", caller.host)
        caller.request("INVITE", f"Contact: <{caller.contact}>\nContent-Type: application/sdp", uri, uri.split(";")[0], body, call_id)
        answer = caller.final()
        if answer.status == 401:
            caller.send(f"ACK {uri} SIP/2.0\nVia: {answer['Via'].split(';rport')[0].split(';received')[0]}\nFrom: {answer['From']}\nTo: {answer['To']}\n"
                        f"Call-ID: {answer['Call-ID']}\nCSeq: {caller.cseq} ACK\nMax-Forwards: 70")
            more = f"Contact: <{caller.contact}>\nContent-Type: application/sdp\nAuthorization: {caller.credentials(answer, 'INVITE', uri)}"
            caller.request("INVITE", more, uri, uri.split(";")[0], body, call_id)

    def contacts(self):
        return self.jackfield.ask("pjsip show contacts").count("sip:6001@")

    def test_flows_of_a_device_are_tried_one_after_the_other(self):
        address = self.address()
        first, second = self.peer(address), self.peer(address)
        answer = first.register(f";reg-id=1;+sip.instance={DESK}")
        self.assertEqual((200, "outbound", "60"), (answer.status, answer["Require"], answer["Flow-Timer"]))
        self.assertIn("reg-id=1", answer["Contact"])
        answer = second.register(f";reg-id=2;+sip.instance={DESK}", expires=3000)
        self.assertEqual(2, len(answer.all("Contact")))
        first.connection.sendall(b"\r\n\r\n")  # a ping
        caller = self.peer(self.address(), "6002")
        self.assertEqual(200, caller.register().status)
        self.invite(caller, f"sip:6001@{self.server}", "call1")
        invite = first.receive()  # the later to expire
        self.assertEqual(1, first.pongs)
        self.assertEqual("INVITE", invite.method)
        first.reply(invite, 430)
        self.assertEqual("ACK", first.receive().method)
        invite = second.receive()
        self.assertEqual("INVITE", invite.method)
        self.assertIn(f":{second.port};", invite.first)
        second.reply(invite, 486)
        self.assertEqual("ACK", second.receive().method)
        self.assertEqual(486, caller.final().status)
        jt.wait_until(lambda: self.contacts() == 1, what="the flow that failed to be forgotten")
        second.close()
        jt.wait_until(lambda: self.contacts() == 0, what="the flow without a connection to be forgotten")
        self.jackfield.wait_idle()

    def test_without_the_edge_proxys_help_there_is_no_flow(self):
        peer = self.peer(self.address())
        answer = peer.register(f";reg-id=1;+sip.instance={DESK}", "Supported: outbound, path\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx")
        self.assertEqual(439, answer.status)
        answer = peer.register(f";reg-id=1;+sip.instance={DESK}",
                               f"Supported: outbound, path\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\nPath: <sip:flow@{peer.host}:{peer.port};transport=tcp;lr;ob>")
        self.assertEqual((200, "outbound"), (answer.status, answer["Require"]))
        self.assertIn("<sip:flow@", answer["Path"])
        caller = self.peer(self.address(), "6002")
        self.invite(caller, f"sip:6001@{self.server}", "call2")
        invite = peer.receive()
        self.assertIn("<sip:flow@", invite["Route"])
        peer.reply(invite, 486)
        peer.receive()
        self.jackfield.wait_idle()

    def test_a_gruu_leads_to_one_device(self):
        desk, soft = self.peer(self.address()), self.peer(self.address())
        given = desk.register(f";+sip.instance={DESK}")["Contact"]
        self.assertEqual(200, soft.register(f";+sip.instance={SOFT}").status)
        public, temporary = (re.search(rf'{name}="([^"]+)"', given).group(1) for name in ("pub-gruu", "temp-gruu"))
        self.assertEqual(f"sip:6001@{self.server};gr={DESK[2:-2]}", public)
        caller = self.peer(self.address(), "6002")
        for number, uri in enumerate((public, temporary)):
            self.invite(caller, uri, f"gruu{number}")
            invite = desk.receive()
            self.assertIn(f":{desk.port};", invite.first)
            desk.reply(invite, 486)
            desk.receive()
            refusal = caller.final()
            self.assertEqual(486, refusal.status)
            caller.send(f"ACK {uri} SIP/2.0\nVia: {refusal['Via'].split(';received')[0]}\nFrom: {refusal['From']}\nTo: {refusal['To']}\n"
                        f"Call-ID: {refusal['Call-ID']}\nCSeq: {caller.cseq} ACK\nMax-Forwards: 70")
        soft.connection.settimeout(0.2)
        self.assertRaises(TimeoutError, soft.receive)
        desk.register(f";+sip.instance={DESK}", call_id="another")  # ends the temporary one
        desk.register(f";+sip.instance={DESK}", expires=0, call_id="another")
        for number, (uri, status) in enumerate(((public, 480), (temporary, 404))):
            self.invite(caller, uri, f"gone{number}")
            self.assertEqual(status, caller.final().status)


class Client(jt.ScenarioTest):
    def refer(self, to, refer_to):
        """By the REST interface, which answers when the far side has."""
        where = urllib.parse.urlencode({"to": f"pjsip:{to}", "from": "pjsip:mine", "refer_to": refer_to, "api_key": "mine:word"})
        urllib.request.urlopen(urllib.request.Request(f"http://{self.server}:8088/ari/endpoints/refer?{where}", method="POST"), timeout=20 * jt.SLOWNESS)

    def test_our_flow_is_kept_alive_and_requests_go_by_the_service_route(self):
        provider, proxy = self.address(), self.address()
        server = listen(provider)
        self.addCleanup(server.close)
        manager = "[general]\nenabled=yes\nbindaddr=@ADDRESS@\n[admin]\nsecret=mysecret\nread=all\nwrite=all\n"
        self.jackfield = self.daemon({"manager.conf": manager, "extensions.conf": "[default]\nexten => 1,1,Dial(PJSIP/5551@provider,5)\n"
            "exten => 2,1,Set(MESSAGE(body)=hello)\n same => n,MessageSend(pjsip:5551@provider)\n", "http.conf": "[general]\nenabled=yes\nbindaddr=@ADDRESS@\n",
            "ari.conf": "[general]\nenabled=yes\n[mine]\ntype=user\npassword=word\n", "pjsip.conf": jt.TRANSPORT + f"""
[provider]
type=endpoint
allow=ulaw
aors=provider
transport=transport-tcp
[provider]
type=aor
contact=sip:{provider}:5060\\;transport=tcp
[provider]
type=registration
server_uri=sip:{provider}:5060\\;transport=tcp
client_uri=sip:branch@{provider}
endpoint=provider
support_outbound=yes
support_path=yes
reg_id=2
retry_interval=1
max_random_initial_delay=0
"""})
        connection, _ = server.accept()
        peer = Peer(connection)
        register = peer.receive()
        self.assertIn("outbound", register["Supported"])
        self.assertIn("reg-id=2;+sip.instance=\"<urn:uuid:", register["Contact"])
        self.assertIn("gruu", register["Supported"])
        gruu = f"sip:branch@{provider};gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"
        granted = f"Contact: {register['Contact']};expires=3600\nRequire: outbound\nFlow-Timer: 5\nService-Route: <sip:edge@{provider}:5060;transport=tcp;lr>"
        peer.reply(register, 200, granted)
        jt.wait_until(lambda: "Registered" in self.jackfield.ask("pjsip show registrations"))
        client = Manager(self.server).login()
        self.addCleanup(client.close)
        client.ask("Originate", Channel="Local/1@default", Application="Wait", Data="5", Async="true")
        invite = peer.receive()
        self.assertEqual(("INVITE", f"<sip:edge@{provider}:5060;transport=tcp;lr>"), (invite.method, invite["Route"]))
        self.assertIn(";ob>", invite["Contact"])
        peer.reply(invite, 486)
        self.assertEqual("ACK", peer.receive().method)
        # From the next registration on we have a URI that leads to us from everywhere (RFC 5627): it is our Contact, of REFER too.
        self.jackfield.ask("pjsip send register provider")
        peer.reply(peer.receive(), 200, granted.replace(";expires", f';pub-gruu="{gruu}";expires'))
        client.ask("Originate", Channel="Local/1@default", Application="Wait", Data="5", Async="true")
        invite = peer.receive()
        self.assertEqual(("INVITE", f"<{gruu}>"), (invite.method, invite["Contact"]))
        peer.reply(invite, 486)
        self.assertEqual("ACK", peer.receive().method)
        asked = threading.Thread(target=self.refer, args=("5551@provider", "sip:elsewhere@192.0.2.1"))
        asked.start()
        self.addCleanup(asked.join)
        refer = peer.receive()
        self.assertEqual(("REFER", f"<{gruu}>", invite["Route"]), (refer.method, refer["Contact"], refer["Route"]))
        peer.reply(refer, 202)
        client.ask("Originate", Channel="Local/2@default", Application="Wait", Data="5", Async="true")
        message = peer.receive()
        self.assertEqual(("MESSAGE", "", invite["Route"]), (message.method, message["Contact"], message["Route"]))  # RFC 3428 4: no Contact
        peer.reply(message, 202)
        # A ping (within 5 s) that gets no answer in 10 s: the connection is lost, and made again.
        self.assertEqual(b"\r\n\r\n", connection.recv(100))
        server.settimeout(30 * jt.SLOWNESS)
        again, _ = server.accept()
        self.addCleanup(again.close)
        self.assertEqual("REGISTER", Peer(again).receive().method)


if __name__ == "__main__":
    jt.main()
