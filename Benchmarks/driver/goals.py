"""What a benchmark is made of, and how it is judged: medians by contender, and ratios of them."""

import dataclasses
import statistics


@dataclasses.dataclass
class Part:
    """One table. `contenders(field)` makes its rows, `goals(rows, machine)` judges them."""

    name: str
    title: str
    contenders: callable
    goals: callable
    # "steps" (microseconds a step), "startup" (seconds to the first step), "memory" (bytes beyond the data),
    # "accuracy" (seconds from launch to a test accuracy), "products" (microseconds of each of many products),
    # "pictures" (microseconds a picture), "first epoch" (processor seconds).
    kind: str = "steps"
    # The row that the last column compares every row with.
    reference: str = "ours"
    # What it trains on, where that is not MNIST.
    data: str = None


class Rows:
    """Medians by key."""

    def __init__(self, rows):
        self.rows = rows
        self.medians = {row["key"]: statistics.median(row["values"]) for row in rows if row["values"]}

    def ratio(self, key, *prefixes):
        """A row's median over the best of the rows whose keys begin like one of `prefixes`; nil if there are none."""
        others = [value for other, value in self.medians.items() if other != key and other.startswith(prefixes)]
        return self.medians[key] / min(others) if others and key in self.medians else None

    def everyone(self, *prefixes):
        """Whether all of those rows have values; a missing one is no beaten one."""
        return all(row["values"] for row in self.rows if row["key"].startswith(prefixes))


def goal(text, value, met, shown, complete=True):
    """`value` nil: not measured. A goal against several peers is met only if none of them is missing."""
    verdict = None if value is None else bool(met(value))
    if verdict and not complete:
        verdict = None
    return {"goal": text, "value": value, "shown": "-" if value is None else shown.format(value), "met": verdict}


def at_most(limit, text, rows, key, *prefixes, prefix=""):
    """The goal that `key` needs at most `limit` x the time of the best of the others."""
    return goal(
        f"{prefix}at most {limit} x {text}", rows.ratio(key, *prefixes), lambda value: value <= limit, "{:.2f} x",
        rows.everyone(*prefixes))


def times_faster(factor, text, rows, key, *prefixes):
    ratio = rows.ratio(key, *prefixes)
    return goal(
        f"at least {factor} x faster than {text}", ratio and 1 / ratio, lambda value: value >= factor, "{:.2f} x faster",
        rows.everyone(*prefixes))


def no_allocation(rows):
    """Pages that the system had to give in a step. An epoch's own arrays (the order of samples) are not a step's; they
    are well below a tenth of a page a step."""
    pages = next((row.get("page_faults") for row in rows.rows if row["key"] == "ours"), None)
    return goal("no memory from the system in a step", pages, lambda value: value < 0.1, "{:.2f} pages")
