"""Functions of the dialplan that ask DNS, against a name server of our own."""
import threading
import time

import dns_fixture
import fixture as jt

NUMBER = "1.2.3.3.9.7.9.1.3.4.e164.arpa"
ZONE = {
    ("SRV", "_sip._udp.example.test"): [(20, 0, 5080, "second.example.test"), (10, 5, 5060, "first.example.test")],
    ("NAPTR", NUMBER): [(10, 20, "u", "E2U+sip", "", "!^\\+43(.*)$!sip:\\1@43.example.test!"),
                        (10, 10, "u", "E2U+sip", "", "!^.*$!sip:ann@example.test!"),
                        (20, 10, "u", "E2U+email:mailto", "", "!^.*$!mailto:ann@example.test!"),
                        (20, 20, "u", "E2U+sip", "", "!(!broken!")],
    ("TXT", NUMBER): ["Ann Smith"],
    ("NAPTR", "2.1.256.freenum.org"): [(10, 10, "u", "E2U+sip", "", "!^(.*)\\*(.*)$!sip:\\1@isn\\2.test!")],
    ("NAPTR", "1.2.3.own.test"): [(10, 10, "u", "E2U+pstn:tel", "", "!^.*$!tel:+123!")],
}


class Dns(jt.ScenarioTest):
    def setUp(self):
        super().setUp()
        address = self.address()
        self.names = dns_fixture.NameServer(address, ZONE, silent=["_sip._udp.silent.test"])
        self.addCleanup(self.names.close)
        self.jackfield = self.daemon({"extensions.conf": "[default]\n"}, wrapper=dns_fixture.wrapper(self.folder, address))

    def value(self, function):
        answer = self.jackfield.cli(f"dialplan eval function {function}", check=False, timeout=60).stdout
        return answer.partition("Result: ")[2].strip() if "Result: " in answer else answer.strip()

    def test_services_numbers_and_names_are_found_and_silence_delays_nobody_else(self):
        silent = {}
        asking = threading.Thread(target=lambda: silent.update(answer=self.value("SRVQUERY(_sip._udp.silent.test)")))
        asking.start()
        jt.wait_until(lambda: ("SRV", "_sip._udp.silent.test") in self.names.asked, 10, "the question that nobody answers")
        began = time.monotonic()
        for function, value in (
                ("SRVQUERY(_sip._udp.example.test)", "1"),
                ("SRVRESULT(1,getnum)", "2"),
                ("SRVRESULT(1,1)", "first.example.test"),
                ("SRVRESULT(1,2,port)", "5080"),
                ("SRVRESULT(_sip._udp.example.test,1,priority)", "10"),
                ("SRVRESULT(1,1,weight)", "5"),
                ("ENUMLOOKUP(+43 1 9793321)", "ann@example.test"),
                ("ENUMLOOKUP(+4319793321,sip,u,2)", "sip:19793321@43.example.test"),
                ("ENUMLOOKUP(+4319793321,ALL,c)", "3"),
                ("ENUMLOOKUP(+4319793321,sip,c)", "2"),
                ("ENUMLOOKUP(+4319793321,email)", "ann@example.test"),
                ("ENUMLOOKUP(+4319793322,sip,c)", "0"),
                ("ENUMLOOKUP(12*256,sip,su)", "sip:12@isn256.test"),
                ("ENUMLOOKUP(321,pstn,u,1,own.test)", "tel:+123"),
                ("ENUMQUERY(+4319793321,ALL)", "1"),
                ("ENUMRESULT(1,getnum)", "3"),
                ("ENUMRESULT(1,3)", "ann@example.test"),
                ("TXTCIDNAME(+4319793321)", "Ann Smith")):
            self.assertEqual(value, self.value(function), function)
        self.assertTrue(asking.is_alive(), f"{time.monotonic() - began:.1f} s")
        self.assertIn("DNS knows nothing of _sip._udp.nobody.test", self.value("SRVQUERY(_sip._udp.nobody.test)") + self.jackfield.log_text())
        self.jackfield.wait_for_log(f"ENUM: a record of {NUMBER} is left out")
        asking.join(40 * jt.SLOWNESS)
        self.assertFalse(asking.is_alive())
        self.assertIn("no name server answered", silent["answer"] + self.jackfield.log_text())


if __name__ == "__main__":
    jt.main()
