"""What a benchmark says: rates, ratios within the run, and goals met or missed."""

from dataclasses import dataclass, field

import psutil

from benchmarks.load import Measured

_TOLD_SHARE = 0.01


def processor_seconds() -> tuple[float, float]:
    """Seconds that this machine's processors have counted, and those of them that a host kept for others.

    Only a virtual machine on Linux is told of the second ("steal", proc(5)); elsewhere it is 0.
    """
    times = psutil.cpu_times()
    counted = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return counted, getattr(times, "steal", 0.0)


@dataclass
class Report:
    """One benchmark's figures, printed as a table in Markdown."""

    title: str
    rows: list[tuple[str, str, float]] = field(default_factory=list)
    ratios: list[tuple[str, float]] = field(default_factory=list)
    goals: list[tuple[str, bool]] = field(default_factory=list)
    costs: list[tuple[str, float]] = field(default_factory=list)
    waits: list[tuple[str, float]] = field(default_factory=list)
    begun: tuple[float, float] = field(default_factory=processor_seconds)

    def add(self, name: str, text: str, measured: Measured) -> None:
        """Adds a rate per second; prints it at once, so that a long run shows that it lives."""
        self.rows.append((name, text, measured.rate))
        print(f"  {name:<10} {measured.rate:>10,.0f}/s  {text}", flush=True)

    def cost(self, text: str, microseconds: float) -> None:
        """Adds processor time for each statement or question: it varies less with other load than a rate."""
        self.costs.append((text, microseconds))
        print(f"  {'':<10} {microseconds:>10,.0f} µs  {text}", flush=True)

    def wait(self, text: str, milliseconds: float) -> None:
        """Adds how long a person waits for something."""
        self.waits.append((text, milliseconds))
        print(f"  {'':<10} {milliseconds:>10,.0f} ms  {text}", flush=True)

    def value(self, name: str) -> float:
        """The rate added under a name."""
        return next(rate for known, _, rate in self.rows if known == name)

    def ratio(self, name: str, to: str) -> None:
        """Adds the ratio of two rates of this run."""
        self.ratios.append((f"{name} / {to}", self.value(name) / self.value(to)))

    def goal(self, text: str, met: bool) -> None:
        """Adds a goal."""
        self.goals.append((text, met))

    def markdown(self) -> str:
        """The report."""
        lines = [f"### {self.title}"]
        if self.rows:
            lines += ["", "| what | per second |", "|---|---:|"]
            lines += [f"| {name}: {text} | {rate:,.0f} |" for name, text, rate in self.rows]
        if self.costs:
            lines += ["", "| processor time | µs each |", "|---|---:|"]
            lines += [f"| {text} | {value:,.0f} |" for text, value in self.costs]
        if self.waits:
            lines += ["", "| elapsed | ms |", "|---|---:|"]
            lines += [f"| {text} | {value:,.0f} |" for text, value in self.waits]
        if self.ratios:
            lines += ["", "| ratio | |", "|---|---:|"]
            lines += [f"| {name} | {value:.2f} |" for name, value in self.ratios]
        counted, kept = (now - then for now, then in zip(processor_seconds(), self.begun, strict=True))
        if counted and kept / counted >= _TOLD_SHARE:
            lines += [
                "",
                f"Meanwhile this machine's host kept {kept / counted:.0%} of the processors for others.",
            ]
        if self.goals:
            lines += ["", *(f"- {'met' if met else '**missed**'}: {text}" for text, met in self.goals)]
        return "\n".join(lines) + "\n"
