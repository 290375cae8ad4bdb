"""Prints the end of each failed test's output, so that the last lines of a long log say what failed: what_failed.py FOLDER [LINES].

FOLDER is where ctest ran; it keeps Testing/Temporary/LastTest.log and LastTestsFailed.log there."""
import pathlib
import re
import sys


def outputs(log):
    """(name, (what it wrote, seconds)) of each test in ctest's LastTest.log."""
    for part in re.split(r"^\d+/\d+ Testing: ", log, flags=re.MULTILINE)[1:]:
        name = part.split("\n", 1)[0]
        written, _, rest = part.partition("\nOutput:\n" + "-" * 58 + "\n")[2].partition("<end of output>")
        took = re.search(r"Test time = +([\d.]+)", rest)
        yield name, (written, float(took[1]) if took else 0)


def main(folder, lines=15):
    kept = pathlib.Path(folder) / "Testing/Temporary"
    failed = [line.partition(":")[2] for line in (kept / "LastTestsFailed.log").read_text().splitlines()]
    heard = dict(outputs((kept / "LastTest.log").read_text(errors="replace")))
    not_run = [name for name in failed if heard.get(name, ("", 0)) == ("", 0)]
    print(f"\n{len(failed)} tests failed, and this is the end of what they wrote:")
    for name in (name for name in failed if name not in not_run):
        written, seconds = heard[name]
        told = [line[:400] for line in written.splitlines() if line.strip()]
        # A scenario's own summary, where there is one.
        end = next((place for place, line in enumerate(told) if line.startswith("What failed of ")), -lines)
        print(f"\n== {name}, {seconds:g} s", *told[end:], sep="\n   ")
    if not_run:
        print("\n== not run:", *not_run)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
