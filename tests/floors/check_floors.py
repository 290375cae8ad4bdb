#!/usr/bin/env python3
"""The house rules that a program can check: floors, leaves, JF_TRY in braces, no Boost in the SDK, no overlong file.

Run as: check_floors.py ROOT [COMPILER]. With --self-test it breaks each rule in a copy and expects to be told."""
import pathlib
import re
import subprocess
import sys
import tempfile

FLOORS = ["base", "config", "runtime", "module", "media", "channel", "bridge", "dialplan", "console", "main"]
LEAVES = ["codecs", "channels", "apps", "modules"]
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SERVICE_HEADER = "// The service interface of"
MAXIMUM_LINES = 800


def without_comments(text):
    return re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)


def sources(root, folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".cpp", ".hpp"):
                yield path


def leaf_of(relative):
    """The leaf a file belongs to: its folder below the group, or the file itself when the module is one file. The codecs
    are one leaf: they share framing and tables."""
    parts = relative.split("/")
    if parts[0] == "codecs":
        return "codecs"
    return "/".join(parts[:2]) if len(parts) > 2 else relative.rsplit(".", 1)[0]


def module_names(root):
    names = set()
    for leaf in LEAVES:
        text = (root / leaf / "CMakeLists.txt").read_text() if (root / leaf / "CMakeLists.txt").exists() else ""
        names |= set(re.findall(r"^\s*jackfield_module\((\w+)", text, re.M))
    return names


def check_core(root, complaints):
    leaves = module_names(root)
    for path in sources(root, ["core"]):
        relative = path.relative_to(root).as_posix()
        parts = relative.split("/")
        text = path.read_text()
        if len(parts) > 2 and parts[1] not in FLOORS:
            complaints.append(f"{relative}: {parts[1]} is no floor; floors are {', '.join(FLOORS)}")
            continue
        own = FLOORS.index(parts[1]) if len(parts) > 2 else len(FLOORS)
        for included in INCLUDE.findall(text):
            if included.split("/")[0] in LEAVES:
                complaints.append(f'{relative}: includes "{included}": the core names no leaf')
            match = re.match(r"core/(\w+)/", included)
            if match and FLOORS.index(match.group(1)) > own:
                complaints.append(f'{relative}: includes "{included}" of a higher floor')
        code = without_comments(text)
        for name in leaves:
            if re.search(rf"\b{name}\b", code):
                complaints.append(f"{relative}: names the module {name}; register a hook or a service instead")


def check_leaves(root, complaints):
    for path in sources(root, LEAVES):
        relative = path.relative_to(root).as_posix()
        for included in INCLUDE.findall(path.read_text()):
            if included.startswith("core/"):
                if included.startswith("core/main/") or "_private" in included:
                    complaints.append(f'{relative}: includes "{included}", which is not for modules')
                continue
            if included.split("/")[0] not in LEAVES or leaf_of(included) == leaf_of(relative):
                continue
            target = root / included
            if not target.exists() or not target.read_text().startswith(SERVICE_HEADER):
                complaints.append(f'{relative}: includes "{included}", the inside of another leaf; only headers that begin '
                                  f'with "{SERVICE_HEADER}" are for others')


def check_text(root, complaints):
    for path in sources(root, ["core", *LEAVES]):
        relative = path.relative_to(root).as_posix()
        text = path.read_text()
        code = without_comments(text)
        for match in re.finditer(r"[\w>]\s*\{[^{};()]*\bJF_TRY\(", code):
            statement = re.match(r"(else|do|try)\b|[\w>]\s*\{\s*((const )?[\w:<>&*]+\s+)?[&*]?\w+\s*=[^=]|[\w>]\s*\{\s*(return\b|JF_TRY)",
                                 code[max(0, match.start() - 3):match.end()].lstrip())
            block = re.search(r"(\b(else|do|try|override|const|noexcept)|->\s*[\w:<>, ]+)\s*\{$", code[:match.start()] + match.group(0).split("{")[0] + "{")
            if not statement and not block:
                line = code[:match.start()].count("\n") + 1
                complaints.append(f"{relative}: near line {line}: JF_TRY inside a braced initialiser; g++ 12 leaks there. "
                                  "Put the value into a variable first")
        lines = text.count("\n")
        if lines > MAXIMUM_LINES and "longer than 800 lines because" not in text:
            complaints.append(f"{relative}: {lines} lines; split it by subject, or say why in the header comment "
                              "(\"longer than 800 lines because ...\")")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            complaints.append(f"{relative}: #pragma once is missing")


def check_top(root, complaints):
    allowed = {"core", "modules", "codecs", "channels", "apps", "configs", "sounds", "contrib", "tests", "CMakeLists.txt",
               "CMakePresets.json", "README.md", "LICENSE"}
    listed = subprocess.run(["git", "-C", str(root), "ls-tree", "--name-only", "HEAD"], capture_output=True, text=True)
    for name in listed.stdout.split():
        if name not in allowed and not name.startswith("."):
            complaints.append(f"{name}: the top level is fixed; find it a place below one of the folders")


def check_sdk(root, compiler, complaints):
    made = subprocess.run([compiler, "-std=c++23", "-I", str(root), "-M", "-x", "c++", str(root / "core/sdk.hpp")],
                          capture_output=True, text=True)
    if made.returncode:
        complaints.append(f"core/sdk.hpp: does not compile by itself: {made.stderr[:400]}")
    if "/boost/" in made.stdout:
        first = next(word for word in made.stdout.split() if "/boost/" in word)
        complaints.append(f"core/sdk.hpp: includes {first}; no Boost header may reach modules")


def check_proofs(root, complaints):
    """tests/README.md names tests as proofs; a test that is renamed or removed must not stay there as one."""
    readme = root / "tests/README.md"
    if not readme.exists():
        return
    tests = "".join(path.read_text() for folder in ("unit", "scenario", "floors") for path in (root / "tests" / folder).rglob("*")
                    if path.suffix in (".cpp", ".py"))
    rows = re.findall(r"^\|[^|]*\|([^|]*)\|$", readme.read_text().split("what proves them", 1)[1], re.M)
    for name in re.findall(r"`(\w+)`", "".join(rows)):
        if not re.search(rf"\b(test_)?{name.removeprefix('scenario_').removesuffix('_shuffled')}\b", tests) and \
                not list((root / "tests/scenario").glob(f"{name.removeprefix('scenario_').removesuffix('_shuffled')}.py")):
            complaints.append(f"tests/README.md: names the test {name}, which is not there")


def check(root, compiler=None):
    complaints = []
    check_proofs(root, complaints)
    check_core(root, complaints)
    check_leaves(root, complaints)
    check_text(root, complaints)
    check_top(root, complaints)
    if compiler:
        check_sdk(root, compiler, complaints)
    return complaints


def self_test():
    """Each rule, broken on purpose in a little tree."""
    cases = {
        "core/base/a.hpp": ('#pragma once\n#include "core/media/format.hpp"\n', "higher floor"),
        "core/media/b.hpp": ('#pragma once\n#include "channels/sip/uri.hpp"\n', "names no leaf"),
        "core/media/c.cpp": ('const char* who = "chan_test";\n', "names the module chan_test"),
        "apps/d.cpp": ('#include "channels/sip/uri.hpp"\n', "inside of another leaf"),
        "apps/e.cpp": ("Agg a{one, JF_TRY(two()), three};\n", "braced initialiser"),
        "apps/f.cpp": ("\n" * (MAXIMUM_LINES + 1), "split it by subject"),
        "tests/README.md": ("what proves them\n| 1 | no test |\n## B, and what proves them\n| 1 | fiber: `wakes_up_late` |\n", "names the test wakes_up_late"),
        "core/sdk.hpp": ("#pragma once\n#include <boost/version.hpp>\n", "no Boost header"),
    }
    failed = 0
    for name, (text, expected) in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for file, content in (("channels/CMakeLists.txt", "jackfield_module(chan_test x.cpp)\n"),
                                  ("channels/sip/uri.hpp", "// URIs\n#pragma once\n"), (name, text)):
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                (root / file).write_text(content)
            complaints = check(root, "c++" if name == "core/sdk.hpp" else None)
            if not any(expected in complaint for complaint in complaints):
                print(f"self-test: {name} should be complained of ({expected}); got {complaints}")
                failed += 1
    return failed


if __name__ == "__main__":
    if "--self-test" in sys.argv:
        sys.exit(1 if self_test() else 0)
    found = check(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else None)
    print("\n".join(found) or "the house is in order")
    sys.exit(1 if found else 0)
