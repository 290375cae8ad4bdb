"""Two daemons as trunks of each other: one registers at the other, and they call and write to each other."""
import base64
import json
import re
import urllib.error
import urllib.request

import fixture as jt
from ami_fixture import Client
import dns_fixture

MANAGER = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n[admin]\nsecret = mysecret\nread = all\nwrite = all\n"
PROVIDER = jt.TRANSPORT + jt.PHONE_TEMPLATE + """
[system]
type=system
timer_t1=50
timer_b=1000
[branch](phone)
context=from-branch
message_context=messages
auth=branch
aors=branch
[branch]
type=auth
auth_type=digest
username=branch
password=trunk-secret
supported_algorithms_uas=SHA-256,MD5
[branch]
type=aor
max_contacts=1
remove_existing=yes
minimum_expiration=300
"""
PROVIDER_PLAN = """
[default]
exten => _70XX,1,Dial(PJSIP/${EXTEN}@branch,20)
exten => 7500,1,Dial(PJSIP/7500@branch,20)
[from-branch]
exten => _60XX,1,Dial(PJSIP/${EXTEN},20)
exten => 600,1,Answer()
 same => n,Echo()
[messages]
exten => 650,1,Verbose(1,${CHANNEL(name)} got "${MESSAGE(body)}" from ${MESSAGE(from)} to ${MESSAGE(to)} note ${MESSAGE_DATA(X-Note)})
 same => n,Set(MESSAGE(body)=answer to ${MESSAGE(body)})
 same => n,MessageSend(pjsip:750@branch,sip:650@provider.example)
 same => n,Verbose(1,answered with ${MESSAGE_SEND_STATUS})
"""
BRANCH = jt.TRANSPORT + jt.PHONE_TEMPLATE + """
[system]
type=system
timer_t1=50
timer_b=1000
""" + jt.trunk_objects("@PROVIDER@", "@PASSWORD@", "context=from-provider\nmessage_context=messages", "expiration=60") + """
@MORE@
"""
BRANCH_PLAN = """
[default]
exten => _60XX,1,Dial(PJSIP/${EXTEN}@provider,20)
exten => 601,1,Dial(PJSIP/600@provider,20)
exten => 800,1,Set(MESSAGE(body)=hello there)
 same => n,Set(MESSAGE_DATA(X-Note)=urgent)
 same => n,Set(MESSAGE_DATA(Via)=no)
 same => n,MessageSend(pjsip:650@provider,"Seven" <sip:7001@branch.example>)
 same => n,Verbose(1,sent with ${MESSAGE_SEND_STATUS})
 same => n,MessageSend(pjsip:nobody)
 same => n,Verbose(1,nobody gave ${MESSAGE_SEND_STATUS})
 same => n,MessageSend(icq:1)
 same => n,Verbose(1,icq gave ${MESSAGE_SEND_STATUS})
 same => n,MessageSend(pjsip:999@provider)
 same => n,Verbose(1,999 gave ${MESSAGE_SEND_STATUS})
[from-provider]
exten => _70XX,1,Dial(PJSIP/${EXTEN},20)
exten => 7500,1,Wait(20)
[messages]
exten => 750,1,Verbose(1,${CHANNEL(name)} got "${MESSAGE(body)}" from ${MESSAGE(from)})
"""
REFUSING = """<?xml version="1.0" encoding="us-ascii"?>
<scenario name="out_of_service">
  <recv request="REGISTER" optional="true" next="refuse"/>
  <recv request="OPTIONS" optional="true" next="refuse"/>
  <recv request="ACK" optional="true" next="end"/>
  <recv request="INVITE"/>
  <label id="refuse"/>
  <send><![CDATA[

      SIP/2.0 503 Service Unavailable
      [last_Via:]
      [last_From:]
      [last_To:];tag=gone
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

  ]]></send>
  <label id="end"/>
</scenario>
"""


class TrunkTest(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        self.provider = self.daemon({
            "pjsip.conf": PROVIDER + jt.phone_objects("6001"), "extensions.conf": PROVIDER_PLAN}, address=self.server)
        self.branch_address = self.address()

    def branch_objects(self, password="trunk-secret", more=""):
        return (BRANCH + jt.phone_objects("7001")).replace("@PROVIDER@", self.server).replace("@PASSWORD@", password).replace("@MORE@", more)

    def start_branch(self, **options):
        self.branch = self.daemon({"pjsip.conf": self.branch_objects(**options), "extensions.conf": BRANCH_PLAN, "manager.conf": MANAGER},
                                  address=self.branch_address)

    def wait_for_status(self, word, seconds=10):
        jt.wait_until(lambda: re.search(rf"provider/sip\S+ +provider +{word}", self.branch.ask("pjsip show registrations")), seconds,
                      f"the registration to be {word}")

    def originate(self, extension):
        """The branch's extension runs, with nobody at the other end."""
        client = Client(self.branch_address).login()
        self.addCleanup(client.close)
        answer = client.ask("Originate", Channel=f"Local/{extension}@default", Application="Wait", Data="20", Async="true")
        self.assertEqual("Success", answer.get("Response"), answer)

    def branch_phone(self, user, **options):
        phone = jt.Phone(self.folder, self.address(), user, self.branch_address, **options)
        self.addCleanup(phone.stop)
        phone.start()
        jt.wait_until(lambda: phone.address in self.branch.ask("pjsip show contacts"), 10, f"registration of {user}")
        return phone


class Registering(TrunkTest):
    def test_it_registers_with_what_the_registrar_wants_and_leaves_in_order(self):
        self.start_branch()
        self.wait_for_status("Registered")
        found = re.search(r"exp\. (\d+)s", self.branch.ask("pjsip show registrations"))
        self.assertGreater(int(found[1]), 200)  # 60 were asked for, 423 said 300
        contacts = self.provider.ask("pjsip show contacts")
        self.assertIn(f"branch/sip:main@{self.branch_address}:5060;line=", contacts)
        line = re.search(r";line=(\w+)", contacts)[1]
        self.assertIn(": main", self.branch.ask("pjsip show registration provider"))
        self.branch.ask("pjsip send unregister provider")
        self.wait_for_status("Unregistered")
        self.assertNotIn("branch/sip:", self.provider.ask("pjsip show contacts"))
        self.branch.ask("pjsip send register *all")
        self.wait_for_status("Registered")
        self.branch.stop()
        self.assertNotIn("branch/sip:", self.provider.ask("pjsip show contacts"))
        self.branch.start()
        self.wait_for_status("Registered")
        self.assertIn(f";line={line}", self.provider.ask("pjsip show contacts"))  # calls to a contact of before still find us

    def test_a_wrong_password_is_tried_once_and_a_reload_puts_it_right(self):
        self.start_branch(password="wrong")
        self.wait_for_status("Rejected")
        self.branch.wait_for_log("refused our credentials")
        self.branch.write("pjsip.conf", self.branch_objects())
        self.branch.ask("core reload")
        self.wait_for_status("Registered")

    def test_a_reload_leaves_what_did_not_change_and_moves_what_did(self):
        self.start_branch()
        self.wait_for_status("Registered")
        self.provider.wait_for_log("Added contact 'sip:main@")
        added = lambda: self.provider.log_text().count("Added contact")
        before = added()
        self.branch.write("pjsip.conf", self.branch_objects() + "\n; changed nothing\n" + jt.phone_objects("7002"))
        self.branch.ask("core reload")
        self.assertIn("Registered", self.branch.ask("pjsip show registrations"))
        self.branch.write("pjsip.conf", self.branch_objects().replace("contact_user=main", "contact_user=other"))
        self.branch.ask("core reload")
        jt.wait_until(lambda: "branch/sip:other@" in self.provider.ask("pjsip show contacts"), 10, "the new contact")
        jt.wait_until(lambda: self.provider.log_text().count("Added contact") > before, 10, "the log line of the new contact")
        self.assertEqual(before + 1, self.provider.log_text().count("Added contact"))
        self.branch.write("pjsip.conf", self.branch_objects().split("[provider]\ntype=registration")[0])
        self.branch.ask("core reload")
        jt.wait_until(lambda: "branch/sip:" not in self.provider.ask("pjsip show contacts"), 10, "the end of the registration")
        self.assertIn("No objects found", self.branch.ask("pjsip show registrations"))

    def test_a_registrar_that_was_away_is_found_when_it_comes_back(self):
        self.provider.stop()
        self.start_branch(more="max_retries=100")
        self.wait_for_status("Rejected", 15)
        self.provider.start()
        self.wait_for_status("Registered", 15)


    def test_a_lost_connection_makes_it_register_anew(self):
        objects = self.branch_objects().replace(f"server_uri=sip:{self.server}:5060", f"server_uri=sip:{self.server}:5060\\;transport=tcp")
        self.branch = self.daemon({"pjsip.conf": objects, "extensions.conf": BRANCH_PLAN}, address=self.branch_address)
        self.wait_for_status("Registered")
        self.assertIn(";transport=tcp;line=", self.provider.ask("pjsip show contacts"))
        mark = len(self.branch.log_text())
        self.provider.kill()  # no farewell
        self.branch.wait_for_log("has ended; registering anew", since=mark)
        self.wait_for_status("Rejected")
        self.provider.start()
        self.wait_for_status("Registered")


class Watchdog(TrunkTest):
    def test_a_trunk_that_fails_is_left_out_and_comes_back_by_itself(self):
        objects = self.branch_objects().replace(f"contact=sip:{self.server}:5060", f"contact=sip:{self.server}:5060\nqualify_frequency=1\nqualify_timeout=200ms")
        self.branch = self.daemon({"pjsip.conf": objects, "extensions.conf": BRANCH_PLAN, "manager.conf": MANAGER}, address=self.branch_address)
        status = lambda word: lambda: re.search(rf"provider/sip:{self.server}:5060 +{word}", self.branch.ask("pjsip show contacts"))
        jt.wait_until(status("Avail"), 10, "the trunk to be reached")
        self.provider.stop()
        jt.wait_until(status("Unavail"), 10, "the trunk to be left out")
        self.assertRegex(self.branch.ask("pjsip show endpoints"), r"Endpoint: +provider +Unavailable")
        self.originate("601")
        self.branch.wait_for_log("SIP endpoint 'provider' is unreachable")
        self.provider.start()
        jt.wait_until(status("Avail"), 10, "the trunk to come back")
        self.originate("601")
        jt.wait_until(lambda: "PJSIP/branch" in self.provider.ask("core show channels"), 10, "the call at the provider")
        self.branch.ask("channel request hangup all")
        self.provider.wait_idle()


class Calling(TrunkTest):
    def test_calls_go_both_ways(self):
        self.start_branch()
        self.wait_for_status("Registered")
        far = self.phone("6001", tone=440, auto_answer=True)
        near = self.branch_phone("7001", tone=1000, auto_answer=True)
        near.dial("6001")
        near.wait_to_hear(440)
        far.wait_to_hear(1000)
        near.hang_up()
        self.provider.wait_idle()
        self.branch.wait_idle()
        mark = len(self.branch.log_text())
        far.dial("7001")
        far.wait_to_hear(1000)
        near.wait_to_hear(440)
        far.hang_up()
        self.provider.wait_idle()
        self.branch.wait_idle()
        self.assertNotIn("No matching endpoint", self.branch.log_text()[mark:])


class FailOver(TrunkTest):
    """The provider's name has three servers: nobody at the first, one out of service, the provider itself."""

    def setUp(self):
        super().setUp()
        self.dead, self.out_of_service, name_server = self.address(), self.address(), self.address()
        refusing = jt.sipp(self.out_of_service, self.server, "-p", 5060, xml=REFUSING, folder=self.folder, timeout=60)
        self.addCleanup(refusing.communicate)
        self.addCleanup(refusing.kill)
        servers = [self.dead, self.out_of_service, self.server]
        zone = {("SRV", "_sip._udp.provider.test"): [(10 * place, 0, 5060, f"host{place}.provider.test") for place in range(3)]}
        zone |= {("A", f"host{place}.provider.test"): [address] for place, address in enumerate(servers)}
        zone["NAPTR", "provider.test"] = [(10, 10, "s", "SIP+D2U", "_sip._udp.provider.test"), (20, 10, "s", "SIP+D2T", "_sip._tcp.provider.test")]
        self.name_server = dns_fixture.NameServer(name_server, zone)
        self.addCleanup(self.name_server.close)
        objects = self.branch_objects().replace(f"server_uri=sip:{self.server}:5060", "server_uri=sip:provider.test")
        objects = objects.replace(f"contact=sip:{self.server}:5060", "contact=sip:provider.test\nqualify_frequency=1\nqualify_timeout=300ms")
        objects = objects.replace("timer_b=1000", "timer_b=500")
        self.branch = self.daemon({"pjsip.conf": objects, "extensions.conf": BRANCH_PLAN, "manager.conf": MANAGER}, address=self.branch_address,
                                  wrapper=dns_fixture.wrapper(self.folder, name_server))

    def test_registrations_and_calls_find_the_server_that_works(self):
        self.wait_for_status("Registered")
        self.branch.wait_for_log(f"Registration [provider]: {self.dead}:5060 does not answer, trying {self.out_of_service}:5060")
        self.branch.wait_for_log(f"Registration [provider]: {self.out_of_service}:5060 does not answer, trying {self.server}:5060")
        self.assertIn(("NAPTR", "provider.test"), self.name_server.asked)
        self.originate("601")
        self.branch.wait_for_log(f"{self.out_of_service}:5060 does not take the call, trying {self.server}:5060")
        jt.wait_until(lambda: "PJSIP/branch" in self.provider.ask("core show channels"), 5, "the call at the provider")
        self.branch.ask("channel request hangup all")
        self.provider.wait_idle()
        self.branch.wait_idle()


class Messaging(TrunkTest):
    def test_messages_go_both_ways_through_the_dialplans(self):
        self.start_branch()
        self.wait_for_status("Registered")
        self.originate("800")
        self.provider.wait_for_log('Message/ast_msg_queue got "hello there" from "Seven" <sip:branch@')
        self.provider.wait_for_log(f"to pjsip:650@{self.server}:5060 note urgent")
        self.branch.wait_for_log('Message/ast_msg_queue got "answer to hello there" from <sip:650@provider.example>')
        self.provider.wait_for_log("answered with SUCCESS")
        for line in ("sent with SUCCESS", "nobody gave INVALID_URI", "icq gave INVALID_PROTOCOL", "999 gave FAILURE"):
            self.branch.wait_for_log(line)
        self.provider.wait_idle()
        self.branch.wait_idle()


ARI = "[general]\n[rest]\ntype = user\npassword = secret\n"


class Managing(TrunkTest):
    def setUp(self):
        super().setUp()
        self.branch = self.daemon({"pjsip.conf": self.branch_objects(), "extensions.conf": BRANCH_PLAN, "manager.conf": MANAGER, "ari.conf": ARI,
                                   "http.conf": "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n"}, address=self.branch_address)
        self.wait_for_status("Registered")
        self.client = Client(self.branch_address).login()
        self.addCleanup(self.client.close)

    def test_objects_are_listed(self):
        endpoints, end = self.client.items("PJSIPShowEndpoints", "EndpointListComplete")
        self.assertEqual("2", end.get("ListItems"))
        trunk = next(each for each in endpoints if each.get("ObjectName") == "provider")
        self.assertEqual("EndpointList", trunk.get("Event"))
        self.assertEqual("Not in use", trunk.get("DeviceState"))
        self.assertEqual(f"provider/sip:{self.server}:5060,", trunk.get("Contacts"))
        details, _ = self.client.items("PJSIPShowEndpoint", "EndpointDetailComplete", Endpoint="provider")
        self.assertEqual(["EndpointDetail", "AorDetail", "ContactStatusDetail", "AuthDetail"], [each.get("Event") for each in details])
        self.assertEqual(("from-provider", "branch"), (details[0].get("Context"), details[0].get("FromUser")))
        self.assertEqual(("branch", "<hidden>"), (details[3].get("Username"), details[3].get("Password")))
        aors, _ = self.client.items("PJSIPShowAors", "AorListComplete")
        self.assertEqual({"provider", "7001"}, {each.get("ObjectName") for each in aors})
        self.assertEqual(2, len(self.client.items("PJSIPShowAuths", "AuthListComplete")[0]))
        contacts, _ = self.client.items("PJSIPShowContacts", "ContactListComplete")
        self.assertEqual([f"sip:{self.server}:5060"], [each.get("Uri") for each in contacts])
        # As the documentation of Asterisk 22 has them, without what is known of registered ones only.
        self.assertEqual(["Event", "ActionID", "ObjectType", "ObjectName", "ViaAddr", "ViaPort", "QualifyTimeout", "RegServer", "PruneOnBoot", "Path",
                          "Endpoint", "AuthenticateQualify", "Uri", "QualifyFrequency", "UserAgent", "ExpirationTime", "OutboundProxy", "Status",
                          "RoundtripUsec", "Qualify2xxOnly"], contacts[0].keys())
        self.assertEqual(["ID", "AuthenticateQualify", "OutboundProxy", "Path", "QualifyFrequency", "QualifyTimeout", "Qualify2xxOnly"],
                         details[2].keys()[-7:])
        self.assertEqual("Error", self.client.ask("PJSIPShowEndpoint", Endpoint="nobody").get("Response"))

    def test_registrations_are_shown_ended_and_begun(self):
        found, end = self.client.items("PJSIPShowRegistrationsOutbound", "OutboundRegistrationDetailComplete")
        self.assertEqual(("1", "0"), (end.get("Registered"), end.get("NotRegistered")))
        self.assertEqual(("OutboundRegistrationDetail", "Registered", "main"), (found[0].get("Event"), found[0].get("Status"), found[0].get("ContactUser")))
        self.assertGreater(int(found[0].get("NextReg")), 200)
        self.assertEqual("Success", self.client.ask("PJSIPUnregister", Registration="provider").get("Response"))
        self.assertEqual(f"sip:branch@{self.server}", self.client.event("Registry", Status="Unregistered").get("Username"))
        self.assertEqual("Success", self.client.ask("PJSIPRegister", Registration="*all").get("Response"))
        self.client.event("Registry", Status="Registered", Domain=f"sip:{self.server}:5060")
        self.assertEqual("Error", self.client.ask("PJSIPRegister", Registration="nothing").get("Response"))

    def put(self, path, body=None):
        request = urllib.request.Request(f"http://{self.branch_address}:8088/ari{path}", method="PUT", data=body and json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(b"rest:secret").decode()})
        try:
            return urllib.request.urlopen(request, timeout=10 * jt.SLOWNESS).status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_messages_are_sent_by_rest(self):
        self.assertEqual(202, self.put("/endpoints/sendMessage?to=pjsip:650@provider&from=sip:rest@branch.example&body=by%20rest", {"variables": {"X-Note": "kept"}}))
        self.provider.wait_for_log('got "by rest" from <sip:branch@')
        self.provider.wait_for_log("note kept")
        self.assertEqual(202, self.put("/endpoints/PJSIP/650@provider/sendMessage?from=sip:rest@branch.example&body=again"))
        self.provider.wait_for_log('got "again"')
        self.assertEqual(404, self.put("/endpoints/sendMessage?to=pjsip:999@provider&from=x&body=x"))
        self.assertEqual(400, self.put("/endpoints/sendMessage?to=pigeon:1&from=x&body=x"))

    def test_contacts_are_asked_messages_sent_and_calls_refused(self):
        self.assertEqual("Success", self.client.ask("PJSIPQualify", Endpoint="provider").get("Response"))
        reached = self.client.event("ContactStatus", ContactStatus="Reachable")
        self.assertEqual("provider", reached.get("EndpointName"))
        self.assertGreater(int(reached.get("RoundtripUsec")), 0)
        self.assertEqual("Success", self.client.ask("MessageSend", Destination="pjsip:650@provider", From="sip:boss@branch.example",
                                                    Base64Body="aGVsbG8=").get("Response"))
        self.provider.wait_for_log('got "hello" from <sip:branch@')
        self.assertEqual("Error", self.client.ask("MessageSend", Destination="pjsip:999@provider", Body="x").get("Response"))
        # An incoming call that waits is refused with a status of our choice.
        far = self.phone("6001")
        far.dial("7500")
        channel = self.client.event("Newexten", Application="Wait").get("Channel")
        self.assertEqual("Error", self.client.ask("PJSIPHangup", Channel=channel, Cause="200").get("Response"))
        answer = self.client.ask("PJSIPHangup", Channel=channel, Cause="BUSY_HERE")
        self.assertEqual("Success", answer.get("Response"), answer)
        far.wait_event("CALL_CLOSED", holding="486")
        self.provider.wait_idle()
        self.branch.wait_idle()


if __name__ == "__main__":
    jt.main()
