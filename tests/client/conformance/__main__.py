"""`python -m conformance [TEXT ...]`: runs the cases whose name holds one of the texts, or all.

The server is the one that STEPWRIGHT_ENDPOINT names.
"""

import argparse
import os
import sys

import server as servers

from . import cases, gaps
from .run import run_all


def main():
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    parser.add_argument("texts", metavar="TEXT", nargs="*")
    parser.add_argument("--gaps", action="store_true", help="show the problems of known gaps too")
    parser.add_argument("--prune", action="store_true", help="take gaps that pass off the list")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    options = parser.parse_args()

    chosen = [it for it in cases.load() if not options.texts or any(t in it.name for t in options.texts)]
    if not chosen:
        sys.exit(f"no cases in {cases.folder()}; STEPWRIGHT_CONFORMANCE says where they are")
    if options.list:
        print("\n".join(case.name for case in chosen))
        return
    if "STEPWRIGHT_ENDPOINT" not in os.environ:
        sys.exit("STEPWRIGHT_ENDPOINT must name the server, such as http://127.0.0.1:8083")

    target = servers.Running(os.environ["STEPWRIGHT_ENDPOINT"]).target()
    known = gaps.load()
    counts = {"passed": 0, "failed": 0, "gap": 0, "gap passed": 0}
    closed = []
    for name, future in run_all(target, chosen).items():
        problems = future.result()
        is_gap = name in known
        verdict = ("gap" if problems else "gap passed") if is_gap else ("failed" if problems else "passed")
        counts[verdict] += 1
        if verdict == "gap passed":
            closed.append(name)
        if verdict in ("failed", "gap passed") or (verdict == "gap" and options.gaps):
            print(f"{verdict}: {name}")
            for line in problems:
                print(f"  {line}")
    if options.prune:
        gaps.remove(set(closed))
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    if counts["failed"] or (closed and not options.prune):
        sys.exit(1)


main()
