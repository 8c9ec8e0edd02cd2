"""Contenders as processes that take turns: all are started and warmed up, then A B C A B C ..., one working at a time.

A process says it is ready with one line of JSON on standard output, and answers "measure STEPS" on standard input
with another. Between its turns it is blocked.
"""

import dataclasses
import json
import os
import pathlib
import selectors
import signal
import subprocess
import time

START_SECONDS = 300
TURN_SECONDS = 120
# For thread pools that spin before they sleep (up to 0.2 s by default): the next contender gets a quiet core.
PAUSE_SECONDS = 0.25


class ContenderFailed(Exception):
    pass


@dataclasses.dataclass
class Launch:
    """One process: what to run, on which cores, with which additions to the environment."""

    command: list
    cores: list
    environment: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Contender:
    key: str
    name: str
    # Ranks x threads of each.
    layout: str
    # One per rank, or a single one for a launcher that starts the ranks itself.
    launches: list
    # Why it can't take part, or None.
    absent: str = None


class Process:
    """A running contender process."""

    def __init__(self, launch, log):
        self.log = log
        self.process = subprocess.Popen(
            launch.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(log, "ab"),
            env={**os.environ, **launch.environment}, start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, launch.cores))
        self.buffer = b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def send(self, line):
        try:
            self.process.stdin.write(line.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ContenderFailed(self.last_words()) from None

    def answer(self, seconds):
        """The next line of JSON; other output is passed over."""
        deadline = time.monotonic() + seconds
        while True:
            line, found, rest = self.buffer.partition(b"\n")
            if found:
                self.buffer = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                continue
            if not self.selector.select(max(0, deadline - time.monotonic())):
                raise ContenderFailed(f"no answer within {seconds} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise ContenderFailed(self.last_words())
            self.buffer += data

    def last_words(self):
        lines = [line for line in pathlib.Path(self.log).read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip()[:200] if lines else "ended without a word"

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.process.pid, number)  # the process and what it started
                    self.process.wait(5)
                except (ProcessLookupError, subprocess.TimeoutExpired):
                    pass
        self.process.stdout.close()


class Running:
    """A contender under way."""

    def __init__(self, contender, logs):
        self.contender = contender
        log = logs / f"{contender.key}.log"
        log.write_text("")
        self.start_time = time.monotonic()
        self.processes = []
        try:
            for launch in contender.launches:
                self.processes.append(Process(launch, log))
            self.facts = [process.answer(START_SECONDS) for process in self.processes][0]
        except (ContenderFailed, OSError) as failure:
            self.close()
            raise ContenderFailed(str(failure)) from None
        self.start_seconds = time.monotonic() - self.start_time

    def measure(self, steps, busy=False):
        """The answer of the slowest process; if `busy`, its microseconds are those that it computed."""
        for process in self.processes:
            process.send(f"measure {steps}\n")
        answers = [process.answer(TURN_SECONDS) for process in self.processes]
        if busy:
            answers = [{**answer, "microseconds": answer.get("busy_microseconds", answer["microseconds"])} for answer in answers]
        return max(answers, key=lambda answer: answer["microseconds"])

    def calibrate(self, seconds):
        """Warms up, and settles on the steps of a turn of about `seconds`."""
        multiple = self.facts.get("multiple", 1)
        steps, begin = multiple, time.monotonic()
        while True:
            microseconds = self.measure(steps)["microseconds"]
            wanted = int(seconds * 1e6 / microseconds / multiple + 1) * multiple
            if time.monotonic() - begin > seconds or steps >= wanted:
                self.steps = wanted
                return
            steps = min(wanted, steps * 8)

    def close(self):
        for process in self.processes:
            process.close()


def outcome(contender, values=(), facts=None, **more):
    return {"key": contender.key, "name": contender.name, "layout": contender.layout, "values": list(values),
            "versions": (facts or {}).get("versions", {}), **more}


def take_turns(contenders, repetitions, seconds, logs, quiet, say, busy=False):
    """Microseconds a step of every contender: one value a turn of about `seconds`, within the context `quiet()`. With
    `busy` they are those that its process computed, for machines on which something else runs."""
    running, results = [], {}

    def each_present(action):
        for each in running:
            result = results[each.contender.key]
            if "absent" in result:
                continue
            try:
                action(each, result)
            except ContenderFailed as failure:
                result.update(absent=f"failed: {failure}", values=[])

    def turn(each, result):
        time.sleep(min(seconds, PAUSE_SECONDS))
        answer = each.measure(each.steps, busy)
        result["values"].append(answer["microseconds"])
        if "peak_bytes" in answer:
            result["peak_bytes"] = max(answer["peak_bytes"], result.get("peak_bytes", 0))
        if "page_faults" in answer:
            result["page_faults"] = min(answer["page_faults"], result.get("page_faults", float("inf")))

    try:
        for contender in contenders:
            if contender.absent:
                results[contender.key] = outcome(contender, absent=contender.absent)
                continue
            say(f"starting {contender.name} ({contender.layout})")
            try:
                running.append(Running(contender, logs))
                facts = running[-1].facts
                told = {"fingerprint": facts["fingerprint"]} if "fingerprint" in facts else {}
                results[contender.key] = outcome(contender, facts=facts, **told)
            except ContenderFailed as failure:
                results[contender.key] = outcome(contender, absent=f"failed: {failure}")
        with quiet():
            each_present(lambda each, _: each.calibrate(seconds))
            for number in range(repetitions):
                say(f"turn {number + 1} of {repetitions}")
                each_present(turn)
    finally:
        for each in running:
            each.close()
    return [results[contender.key] for contender in contenders]


def start_afresh(contenders, repetitions, logs, say, steps=0, value=None):
    """Starts every contender anew for each value: the seconds until its first step is done, or what `value` makes of
    its facts and its answer to `steps` further steps."""
    results = {contender.key: outcome(contender) for contender in contenders}
    for turn in range(repetitions):
        say(f"turn {turn + 1} of {repetitions}")
        for contender in contenders:
            result = results[contender.key]
            if contender.absent or "absent" in result:
                result["absent"] = contender.absent or result["absent"]
                continue
            try:
                running = Running(contender, logs)
            except ContenderFailed as failure:
                result["absent"] = f"failed: {failure}"
                continue
            try:
                result["values"].append(
                    value(running.facts, running.measure(steps)) if value else running.start_seconds)
                result["versions"] = running.facts.get("versions", {})
            finally:
                running.close()
            time.sleep(PAUSE_SECONDS)
    return [results[contender.key] for contender in contenders]
