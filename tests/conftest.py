"""What every test shares: how often a law is tried, figures worth printing, and what could not be checked.

`SIMVIGIA_EXAMPLES` is the one setting for repetition counts. Unset, a small sample that is the same on
every run; set (as `make test-full` does), that many examples, drawn afresh.

A check that cannot run here is skipped with its reason. The run's end names and counts them, and in CI
(`CI=true`) one is enough to fail it.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# Workers share the cores: a thread of LightGBM that waits must not spin. Read when it first loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

SAMPLE = 20
EXAMPLES = int(os.environ.get("SIMVIGIA_EXAMPLES", SAMPLE))

settings.register_profile(
    "simvigia",
    max_examples=EXAMPLES,
    derandomize="SIMVIGIA_EXAMPLES" not in os.environ,
    deadline=None,  # the first example may compile a kernel
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("simvigia")


@pytest.fixture(scope="session")
def examples() -> int:
    """How often a test that draws its own examples should try."""
    return EXAMPLES


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Prints a line at the end of the run, whatever became of the test."""

    def print_at_the_end(line: str) -> None:
        record_property("figure", line)

    return print_at_the_end


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a check that could not run fails the run."""
    if os.environ.get("CI") == "true" and not session.exitstatus and _unrun(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The figures, then the checks that could not run."""
    figures = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        terminalreporter.write("".join(f"{line}\n" for line in figures))
    unrun = _unrun(terminalreporter.config)
    terminalreporter.write_line(f"checks that could not run: {len(unrun)}", bold=bool(unrun))
    for line in unrun:
        terminalreporter.write_line(f"  {line}")


def _unrun(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.getreports("skipped") if reporter else []
    return [f"{report.nodeid}: {_reason(report.longrepr)}" for report in reports]


def _reason(longrepr: object) -> str:
    return str(longrepr[2] if isinstance(longrepr, tuple) else longrepr).removeprefix("Skipped: ")
