"""How much of Asterisk 22's vocabulary is there: applications, functions, AMI actions and events, AGI commands, REST operations,
options of pjsip.conf.

*.txt beside this file name what Asterisk has. missing.conf names what is not here yet (later, with the subject that brings
it) or never will be (retired), each with the reason. A name that is neither here nor in missing.conf fails the test, and so
does one of missing.conf that is here, so the file can't be out of date. Prints a table; --all prints every name."""
import base64
import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "scenario"))
import event_fields  # noqa: E402
import fixture as jt  # noqa: E402
from ami_fixture import Client  # noqa: E402

KINDS = ("applications", "functions", "ami-actions", "ami-events", "agi-commands", "ari-operations")
MISSING_KINDS = (*KINDS, "pjsip")
HTTP = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n"
ARI = "[general]\n[admin]\ntype = user\npassword = secret\n"
MANAGER = "[general]\nenabled = yes\nbindaddr = @ADDRESS@\n[admin]\nsecret = mysecret\nread = all\nwrite = all\n"


def wanted(kind):
    return [line.strip() for line in (FOLDER / f"{kind}.txt").read_text().splitlines() if line.strip()]


def read_missing(text):
    """{kind: {name: (state, subject, reason)}}; raises ValueError on a line that is malformed or given twice."""
    kinds, entries = {kind: {} for kind in MISSING_KINDS}, None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split(";", 1)[0].strip()
        if not line:
            continue
        if line.startswith("["):
            entries = kinds[line.strip("[]")]
            continue
        found = re.fullmatch(r"(.+?) = (later|retired), ([^:]+): (\S.*)", line)
        if not found or entries is None:
            raise ValueError(f"missing.conf:{number}: expected 'name = later|retired, subject: reason', got '{line}'")
        if found[1] in entries:
            raise ValueError(f"missing.conf:{number}: {found[1]} is named twice")
        entries[found[1]] = found[2], found[3], found[4]
    return kinds


def compare(names, present, missing):
    """The table's rows (name, state, reason) and what is wrong."""
    present = {name.lower() for name in present}
    rows, faults = [], []
    for name in names:
        here, entry = name.lower() in present, missing.get(name)
        if here and entry:
            faults.append(f"{name} is here, but missing.conf says {entry[0]} ({entry[1]})")
        if not here and not entry:
            faults.append(f"{name} is neither here nor in missing.conf")
        rows.append((name, "there", "") if here else (name, *((entry[0], f"{entry[1]}: {entry[2]}") if entry else ("?", ""))))
    faults += [f"missing.conf names {name}, which Asterisk does not have" for name in missing if name not in names]
    return rows, faults


def emitted_events():
    """Events that sources send by name: publish() and tell(), the items of lists and their ends."""
    names = set()
    for folder in ("core", "modules", "apps", "channels"):
        for path in (jt.ROOT / folder).rglob("*.[ch]pp"):
            text = path.read_text()
            names |= set(re.findall(r'\b(?:publish|publish_to_manager|item|event|end_list|tell)\(\s*"([A-Za-z]+)"', text))
    return names


def rest_operations(daemon):
    """Those that the documents of the REST interface have, and that are more than an answer of 501."""
    def ask(path, method="GET"):
        request = urllib.request.Request(f"http://{daemon.address}:8088/ari{path}", method=method)
        request.add_header("Authorization", "Basic " + base64.b64encode(b"admin:secret").decode())
        try:
            with urllib.request.urlopen(request, timeout=10 * jt.SLOWNESS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, b""
    found = []
    for api in json.loads(ask("/api-docs/resources.json")[1])["apis"]:
        document = json.loads(ask("/api-docs/" + api["path"].split("/")[-1].replace("{format}", "json"))[1])
        for path in document["apis"]:
            for operation in path["operations"]:
                wanted = [each["name"] for each in operation["parameters"] if each["paramType"] == "query" and each.get("required")]
                # Of things that there are not; what needs no name is only read.
                harmless = operation["httpMethod"] == "GET" or "{" in path["path"]
                status = ask(re.sub(r"{.*?}", "none", path["path"]) + "?" + "&".join(f"{name}=0" for name in wanted), operation["httpMethod"])[0] if harmless else 0
                if status != 501:
                    found.append(f"{operation['httpMethod']} {path['path']}")
    return found


def ask_daemon(daemon):
    """{kind: names that are there}"""
    applications = re.findall(r"^\s+(\w+): ", daemon.ask("core show applications"), re.MULTILINE)
    functions = re.findall(r"^.{22}(\w+)\(", daemon.ask("core show functions"), re.MULTILINE)
    events = re.findall(r"^\s*(\w+)", daemon.ask("manager show events"), re.MULTILINE)
    client = Client(daemon.address).login()
    actions = [key for key, _ in client.ask("ListCommands") if key not in ("Response", "ActionID")]
    client.close()
    agi = daemon.cli("agi show commands", check=False)
    commands = []
    if agi.returncode == 0:
        lines = [re.sub(r"^\s*(?:yes|no)\s+", "", line, flags=re.IGNORECASE).strip().lower() for line in agi.stdout.splitlines()]
        commands = [name for name in wanted("agi-commands") if any(re.match(rf"{name}(?:\s\s|$)", line) for line in lines)]
    return {"applications": applications, "functions": functions, "ami-actions": actions,
            "ami-events": [*events, *emitted_events()], "agi-commands": commands, "ari-operations": rest_operations(daemon)}


class Parity(jt.ScenarioTest):
    def test_every_name_is_there_or_accounted_for(self):
        daemon = self.daemon({"manager.conf": MANAGER, "http.conf": HTTP, "ari.conf": ARI, "extensions.conf": "[default]\nexten => 1,1,NoOp()\n"})
        present = ask_daemon(daemon)
        missing = read_missing((FOLDER / "missing.conf").read_text())
        faults = []
        print(f"\n{'':<16}{'wanted':>8}{'there':>8}{'later':>8}{'retired':>9}")
        for kind in KINDS:
            rows, wrong = compare(wanted(kind), present[kind], missing[kind])
            faults += [f"{kind}: {each}" for each in wrong]
            states = [state for _, state, _ in rows]
            print(f"{kind:<16}{len(rows):>8}{states.count('there'):>8}{states.count('later'):>8}{states.count('retired'):>9}")
            if ALL:
                for row in rows:
                    print("    {:<32}{:<9}{}".format(*row))
        self.assertFalse(faults, "\n" + "\n".join(faults))

    def test_the_fields_of_every_event_are_known(self):
        table = (jt.ROOT / "modules/res_manager/event_names.hpp").read_text()
        sent = {*re.findall(r'{"(\w+)", manager_class', table), *(emitted_events() & set(wanted("ami-events")))}
        self.assertFalse(sent - set(event_fields.EVENTS), "sent, but event_fields.py does not say with which fields")
        event_fields.check_event(["Privilege", "Module", "Status"], "Load")
        for wrong in (["Status", "Module"], ["Module"], ["Module", "Status", "More"]):
            self.assertRaises(AssertionError, event_fields.check_event, wrong, "Load")

    def test_the_comparison_notices(self):
        missing = read_missing("[applications]\nB = later, queue: waits for it\nC = retired, ADSI: nobody has such phones\n")
        rows, faults = compare(["A", "B", "C", "D"], ["a", "b"], missing["applications"] | {"E": ("later", "x", "y")})
        self.assertEqual(["there", "there", "retired", "?"], [state for _, state, _ in rows])
        self.assertEqual(["B is here, but missing.conf says later (queue)", "D is neither here nor in missing.conf",
                          "missing.conf names E, which Asterisk does not have"], faults)
        for text in ("A = later, queue: x\n", "[applications]\nA = perhaps, queue: x\n", "[applications]\nA = later, queue\n",
                     "[applications]\nA = later, q: x\nA = later, q: x\n"):
            self.assertRaises(ValueError, read_missing, text)


def pjsip_options():
    """[(type, [option])] of pjsip-options.conf."""
    types = []
    for line in (FOLDER / "pjsip-options.conf").read_text().splitlines():
        line = line.split(";", 1)[0].strip()
        if line.startswith("["):
            types.append((line.strip("[]"), []))
        elif line:
            types[-1][1].extend(line.split())
    return types


class PjsipOptions(jt.ScenarioTest):
    """Every option of Asterisk's pjsip.conf is accepted, or its declaration tells why it does nothing or is refused, or
    missing.conf names it: "TYPE/OPTION", "TYPE/*" for all of a type that is not here."""

    def check(self, text):
        """{line: what --check says of it}"""
        daemon = self.daemon({"pjsip.conf": text}, start=False)
        checked = subprocess.run([*daemon.command, "--check"], capture_output=True, text=True, timeout=60 * jt.SLOWNESS)
        told = {}
        for line, message in re.findall(r"pjsip\.conf:(\d+): (.*)", checked.stdout + checked.stderr):
            told.setdefault(int(line), []).append(message)
        return told

    def test_every_option_is_there_or_accounted_for(self):
        lines, places = ["; options"], {}
        for kind, options in pjsip_options():
            lines += [f"[{kind}]", f"type={kind}"]
            places[kind, "*"] = len(lines) - 1
            for option in options:
                lines.append(f"{option}=1")
                places[kind, option] = len(lines)
        told = self.check("\n".join(lines) + "\n")
        missing = read_missing((FOLDER / "missing.conf").read_text())["pjsip"]
        faults, used = [], set()
        print(f"\n{'pjsip.conf':<22}{'wanted':>8}{'there':>8}{'no effect':>10}{'refused':>9}{'missing':>9}")
        for kind, options in pjsip_options():
            no_type = any("is not available yet" in message for message in told.get(places[kind, "*"], []))
            states = []
            for option in options:
                message = " ".join(told.get(places[kind, option], []))
                unknown = no_type or "unknown option" in message
                entry = next((name for name in (f"{kind}/{option}", f"{kind}/*") if name in missing), None)
                if unknown and not entry:
                    faults.append(f"{kind}: {option} is neither declared nor in missing.conf")
                if not unknown and entry:
                    faults.append(f"{kind}: {option} is here, but missing.conf has {entry}")
                used.add(entry)
                declined = "is not available yet" in message or "not available here" in message
                states.append("missing" if unknown else "no effect" if "is ignored" in message else "refused" if declined else "there")
                if ALL:
                    print(f"    {option:<38}{states[-1]:<10}{message if states[-1] in ('no effect', 'refused') else ''}")
            print(f"{kind:<22}{len(options):>8}" + "".join(f"{states.count(state):>{width}}" for state, width in
                  (("there", 8), ("no effect", 10), ("refused", 9), ("missing", 9))))
        faults += [f"missing.conf names {name}, which Asterisk does not have" for name in missing if name not in used]
        self.assertFalse(faults, "\n" + "\n".join(faults))

    def test_the_check_tells_an_unknown_option(self):
        self.assertIn('unknown option "no_such_option"', " ".join(self.check("[x]\ntype=aor\nno_such_option=1\n")[3]))


ALL = "--all" in sys.argv
if __name__ == "__main__":
    sys.argv = [argument for argument in sys.argv if argument != "--all"]
    jt.main()
