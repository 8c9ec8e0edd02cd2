"""`scripts/bench`: measures benchmarks, prints a table for each, and writes the page. Standard library only."""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import sys

import machine
import page
from contenders import OUTPUT, PROGRAM, ROOT, Field
from suite import SUITE, judge, measure

parser = argparse.ArgumentParser(
    prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
    description="Measures Lockstep and its peers side by side and prints one table a benchmark.",
    epilog="benchmarks and their parts:\n"
    + "\n".join(f"  {name}: " + ", ".join(part.name for part in parts) for name, parts in SUITE.items())
    + "\n\nResults are kept as JSON in .build/bench, one file a part; `scripts/bench page` makes docs/benchmarks.md "
    "of them.")
parser.add_argument("benchmark", nargs="+", metavar="BENCHMARK[/PART]",
                    help="what to measure; 'all', or 'page' to write docs/benchmarks.md")
parser.add_argument("--peers", action="store_true", help="measure the peers too; installs what is missing")
parser.add_argument("--install-peers", action="store_true", help="only install them, into .build/peers")
parser.add_argument("--python", help="a Python that has the peers, instead of .build/peers")
parser.add_argument("--repetitions", type=int, default=7, metavar="N", help="turns of every contender (default: 7)")
parser.add_argument("--seconds", type=float, default=0.7, metavar="S", help="of a turn (default: 0.7)")
parser.add_argument("--data", help="a folder with MNIST's files (default: $LOCKSTEP_DATA/mnist, ../shared/data/mnist)")
parser.add_argument("--pictures", metavar="DIR",
                    help="photographs in a folder for each class (default: sign-language-digits beside MNIST, else drawn ones)")
parser.add_argument("--json", metavar="FILE", help="write the results to FILE as well")
parser.add_argument("--unmeasured", action="store_true", help="leave out parts that .build/bench has already")
parser.add_argument("--no-build", action="store_true", help="use .build/release/Benchmark as it is")
parser.add_argument("--busy", action="store_true",
                    help="steps in processor time instead of wall-clock time: for one core of a machine that others use")
parser.add_argument("--quick", action="store_true", help="turns of 0.02 s, nothing kept: whether it works at all")


def say(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def find_data(given):
    """MNIST's folder, or None for the built-in digits and, in peers, random numbers."""
    shared = ROOT.parent / "shared" / "data" / "mnist"
    candidates = [given] if given else [os.path.join(os.environ.get("LOCKSTEP_DATA", ""), "mnist"), shared]
    for folder in map(pathlib.Path, candidates):
        if list(folder.glob("train-images-idx3-ubyte*")):
            return str(folder.resolve())
    if given:
        sys.exit(f"scripts/bench: no MNIST in {given}; get it with: scripts/get-mnist {given}")
    return None


def chosen(names):
    """The parts to measure: "name", "name/part" or "all"."""
    parts = []
    for name in names:
        benchmark, _, wanted = name.partition("/")
        found = [(key, part) for key, all_parts in SUITE.items() for part in all_parts
                 if name == "all" or key == benchmark and wanted in ("", part.name)]
        if not found:
            parser.error(f"no benchmark '{name}'; see --help")
        parts += found
    return parts


def path_of(benchmark, part):
    return OUTPUT / f"{benchmark}.{part.name}.json"


def load_results():
    return {(benchmark, part.name): json.loads(path_of(benchmark, part).read_text())
            for benchmark, parts in SUITE.items() for part in parts if path_of(benchmark, part).exists()}


def write_page():
    results = load_results()
    if not results:
        sys.exit("scripts/bench: nothing was measured yet; run: scripts/bench all --peers")
    (ROOT / "docs" / "benchmarks.md").write_text(page.page(results))
    print("docs/benchmarks.md written")


def main():
    options = parser.parse_args()
    options.seconds = 0.02 if options.quick else options.seconds
    if options.benchmark == ["page"]:
        return write_page()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    logs = OUTPUT / "logs"
    logs.mkdir(exist_ok=True)
    field = Field(options.python if options.peers else None, find_data(options.data), options.pictures)
    facts, measured = {}, []

    @contextlib.contextmanager
    def quiet():
        facts.update(facts or machine.describe(PROGRAM))
        yield

    for benchmark, part in chosen(options.benchmark):
        if options.unmeasured and path_of(benchmark, part).exists():
            continue
        rows = measure(part, field, options, logs, quiet, say)
        say("")
        versions = machine.versions()
        for row in rows:
            versions.update(row["versions"])
        result = {
            "benchmark": benchmark, "part": part.name, "title": part.title, "kind": part.kind,
            "reference": part.reference, "machine": facts, "versions": versions,
            "date": datetime.date.today().isoformat(), "repetitions": options.repetitions,
            "seconds": options.seconds,
            "busy": options.busy and part.kind == "steps",
            "data": part.data or ("MNIST" if field.data and part.kind == "steps" else "digits"), "rows": rows,
            "goals": judge(part, rows, facts)}
        measured.append(result)
        print(f"{benchmark}/{part.name}: {part.title}\n\n{page.machine(result)}\n\n{page.table(result)}\n", flush=True)
        if not options.quick:
            path_of(benchmark, part).write_text(json.dumps(result, indent=1) + "\n")
        if next(row for row in rows if row["key"] == part.reference)["values"] == []:
            sys.exit(f"scripts/bench: our own side failed; see {logs}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(measured, indent=1) + "\n")


main()
