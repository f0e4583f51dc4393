"""What `simvigia monitor` found, as Prometheus metrics in a file for node_exporter's textfile collector."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from detector.model.watching import WEIGHT, Watched


def write(found: Watched, path: Path) -> None:
    """Write the file, whole or not at all."""
    registry = CollectorRegistry()
    _counted(found, registry)
    _drift(found, registry)
    _performance(found, registry)
    write_to_textfile(str(path), registry)


def _counted(found: Watched, registry: CollectorRegistry) -> None:
    findings = _gauge("findings", "Findings by what to do about them", ["state"], registry)
    for state in WEIGHT:
        findings.labels(state).set(sum(f.state == state for f in found.findings))
    run = _gauge("last_run_seconds", "When this was looked at, in Unix time", [], registry)
    run.set_to_current_time()


def _drift(found: Watched, registry: CollectorRegistry) -> None:
    psi = _gauge("psi", "Population stability index of features and score", ["feature"], registry)
    for name in ("score", "features"):
        for row in found.tables[name].itertuples():
            psi.labels(row.feature).set(float(str(row.psi)))


def _performance(found: Watched, registry: CollectorRegistry) -> None:
    labels = ["operation", "decision"]
    shares = {
        name: _gauge(f"alert_{name}", text, labels, registry)
        for name, text in (
            ("share", "Share of answers with this decision or a stricter one"),
            ("honest", "Share of honest people among answers, by the scores' own estimate"),
            ("budget", "Share that the policy allows"),
        )
    }
    for row in found.tables["alerts"].itertuples():
        for name, gauge in shares.items():
            gauge.labels(row.operation, row.decision).set(getattr(row, name))
    now = found.tables["expected"].iloc[-1]
    for name in ("recall", "precision", "false_alarm_rate"):
        text = f"{name} that the scores themselves expect, before verdicts"
        _gauge(f"expected_{name}", text, [], registry).set(float(now[name]))
    if len(found.tables["calibration"]):
        text = "Misuse reported over misuse promised, in answers old enough"
        ratio = _gauge("reported_to_promised", text, [], registry)
        ratio.set(float(found.tables["calibration"].iloc[0]["ratio"]))


def _gauge(name: str, text: str, labels: list[str], registry: CollectorRegistry) -> Gauge:
    return Gauge(f"simvigia_monitor_{name}", text, labels, registry=registry)
