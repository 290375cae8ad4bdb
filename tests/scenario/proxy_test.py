"""Kamailio between us and others: as proxy, as registrar for a trunk, as front of our registrar, and as balancer."""
import re

import fixture as jt
import kamailio_fixture as kamailio

PLAN = """
[default]
exten => _600X,1,Dial(PJSIP/${EXTEN},20)
exten => 601,1,Dial(PJSIP/600@far,20)
exten => 602,1,Dial(PJSIP/6009@provider,20)
exten => 600,1,Answer()
 same => n,Echo()
exten => main,1,Answer()
 same => n,Echo()
exten => here,1,Verbose(1,called by ${CALLERID(num)})
 same => n,Answer()
 same => n,Echo()
"""
SYSTEM = "[system]\ntype=system\ntimer_t1=100\n"
# A neighbour whose requests come by way of the proxy, and ours to it as well.
NEIGHBOUR = """
[far](phone)
aors=far
outbound_proxy=sip:@PROXY@:5060\\;lr
[far]
type=aor
contact=sip:@NEIGHBOUR@:5060
[far]
type=identify
endpoint=far
match=@PROXY@
"""


class ProxyTest(jt.ScenarioTest):
    def exchange(self, objects, address=None, **values):
        text = jt.TRANSPORT + SYSTEM + jt.PHONE_TEMPLATE + objects
        for word, value in values.items():
            text = text.replace(f"@{word}@", value)
        return self.daemon({"pjsip.conf": text, "extensions.conf": PLAN}, address=address or self.address())

    def phone_by(self, user, server, **options):
        phone = jt.Phone(self.folder, self.address(), user, server, **options)
        self.addCleanup(phone.stop)
        return phone.start()


class Between(ProxyTest):
    def test_calls_between_two_exchanges_go_through_a_proxy_to_the_end(self):
        proxy = kamailio.Kamailio(self, kamailio.PROXY)
        here, there = self.server, self.address()
        near = self.exchange(NEIGHBOUR + jt.phone_objects("6001"), here, PROXY=proxy.address, NEIGHBOUR=there)
        far = self.exchange(NEIGHBOUR, there, PROXY=proxy.address, NEIGHBOUR=here)
        phone = self.phone("6001", tone=440)
        phone.dial("601")
        phone.wait_to_hear(440)
        proxy.wait_for_log(f"request INVITE sip:600@{there}:5060")
        proxy.wait_for_log(f"request ACK sip:{there}:5060")
        phone.hang_up()
        proxy.wait_for_log("request BYE sip:")
        near.wait_idle()
        far.wait_idle()
        # The other side ends the next one.
        mark = proxy.mark()
        phone.dial("601")
        phone.wait_to_hear(440)
        far.ask("channel request hangup all")
        proxy.wait_for_log("request BYE sip:", since=mark)
        near.wait_idle()
        far.wait_idle()


class Registering(ProxyTest):
    def test_a_trunk_registers_and_calls_go_both_ways(self):
        registrar = kamailio.Kamailio(self, kamailio.REGISTRAR)
        trunk = self.exchange(jt.trunk_objects(registrar.address) + jt.phone_objects("6001"), self.server)
        jt.wait_until(lambda: re.search(r"provider/sip\S+ +provider +Registered", trunk.ask("pjsip show registrations")), 10, "the registration")
        outside = self.phone_by("6009", registrar.address, tone=1000, auto_answer=True)
        registrar.wait_for_log(f"saved 6009 of {outside.address}")
        inside = self.phone("6001", tone=440)
        inside.dial("602")
        inside.wait_to_hear(1000)
        outside.wait_to_hear(440)
        mark = registrar.mark()
        inside.hang_up()
        registrar.wait_for_log("request BYE sip:6009", since=mark)
        trunk.wait_idle()
        # To us, at the contact that we registered: the trunk's endpoint is known by its line.
        outside.dial("branch")
        outside.wait_to_hear(1000)
        registrar.wait_for_log(f"request INVITE sip:branch@{registrar.address}")
        self.assertIn("PJSIP/provider", trunk.ask("core show channels"))
        outside.hang_up()
        trunk.wait_idle()
        trunk.ask("pjsip send unregister provider")
        mark = outside.mark()
        jt.wait_until(lambda: "Unregistered" in trunk.ask("pjsip show registrations"), 10, "the end of the registration")
        outside.dial("branch")
        outside.wait_event("CALL_CLOSED", after=mark, holding="404")

    def test_a_wrong_password_is_refused(self):
        registrar = kamailio.Kamailio(self, kamailio.REGISTRAR)
        trunk = self.exchange(jt.trunk_objects(registrar.address, "wrong"), self.server)
        jt.wait_until(lambda: "Rejected" in trunk.ask("pjsip show registrations"), 10, "the refusal")


class InFront(ProxyTest):
    def test_phones_register_through_a_front_and_are_called_by_the_path(self):
        front = kamailio.Kamailio(self, kamailio.FRONT, [self.server])
        exchange = self.exchange(jt.phone_objects("6001") + jt.phone_objects("6002"), self.server)
        first = self.phone_by("6001", front.address, tone=440)
        second = self.phone_by("6002", front.address, tone=1000, auto_answer=True)
        for phone in (first, second):
            jt.wait_until(lambda: f"@{phone.address}:" in exchange.ask("pjsip show contacts"), 10, f"registration of {phone.user}")
        mark = front.mark()
        first.dial("6002")
        second.wait_to_hear(440)
        first.wait_to_hear(1000)
        jt.wait_until(lambda: re.search(rf"request INVITE sip:6002\S*@{second.address}:5060 from {self.server}\b", front.log_text()[mark:]), 5, "the call by the Path")
        first.hang_up()
        exchange.wait_idle()
        first.stop()
        jt.wait_until(lambda: first.address not in exchange.ask("pjsip show contacts"), 10, "the end of a registration")


class Balanced(ProxyTest):
    def test_a_draining_exchange_gets_no_calls_until_it_is_back(self):
        first, second = self.server, self.address()
        front = self.address()
        caller = NEIGHBOUR.replace("outbound_proxy", ";outbound_proxy")
        exchanges = [self.exchange(caller, address, PROXY=front, NEIGHBOUR=front) for address in (first, second)]
        balancer = kamailio.Kamailio(self, kamailio.BALANCER, [first, second], address=front)
        phones = [self.phone_by(f"600{number}", front, register=False) for number in range(3)]
        phones[0].dial("600")
        phones[0].wait_to_hear(440)
        self.assertEqual([1, 0], [each.channels() for each in exchanges])
        exchanges[0].ask("core stop gracefully")
        balancer.wait_for_log(f"down sip:{first}:5060")
        phones[1].dial("600")
        phones[1].wait_to_hear(440)
        self.assertEqual([1, 1], [each.channels() for each in exchanges])
        mark = balancer.mark()
        exchanges[0].ask("core abort shutdown")
        balancer.wait_for_log(f"up sip:{first}:5060", since=mark)
        phones[2].dial("600")
        phones[2].wait_to_hear(440)
        self.assertEqual([2, 1], [each.channels() for each in exchanges])
        for phone in phones:
            phone.hang_up()
        for exchange in exchanges:
            exchange.wait_idle()


if __name__ == "__main__":
    jt.main()
