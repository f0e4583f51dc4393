"""A rehearsal: a real service on a free port, a country's history imported, its last days streamed to it.

The service is another process, killed without warning between the import and the stream; the replay at
the end shows what that cost. Nothing here is needed in production.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx

from detector.console import EPOCH
from detector.errors import BadInput
from detector.pseudonym import Key
from serve.holder import Holder
from serve.liveview import shown
from serve.official import Officials
from serve.parcels import Parcel, Parcels, read
from serve.store.keys import rehearsed
from serve.streaming import Client, Refusal, Tally
from serve.tryout import prepared

START_WITHIN = 600.0  # seconds: a busy machine compiles slowly; one that fails is noticed at once
SETTLED = 2.0  # seconds after the last answer, by which its notices have left
DAY = 86_400_000_000
COMMAND = Path(sys.executable).with_name("simvigia")
MARKER = "rehearsal.log"
MADE_UP = (
    "Nobody in the stream was asked to prove more and handed a folio, so one registration was made up\n"
    "beside it: a new line in the name of somebody whom the trusted source calls dead."
)
Bars = Callable[[], AbstractContextManager[Callable[[str, float], None]]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rehearsed: `history` days of the country imported, then its last `days` streamed in `seconds`."""

    data: Path
    out: Path
    model: Path | None = None
    history: float = 45.0
    days: float = 7.0
    seconds: float = 40.0
    language: str = "es-MX"

    @property
    def store(self) -> str:
        """The store's URL."""
        return f"sqlite:///{self.out / 'simvigia.db'}"

    @property
    def pace(self) -> float:
        """How many times as fast as ours the country's clock runs."""
        return self.days * 86_400 / self.seconds


@dataclass(slots=True)
class Rehearsal:
    """One run over a plan."""

    plan: Plan
    say: Say
    bars: Bars
    heard: str = ""  # what a holder did at the portal

    def run(self) -> str:
        """Everything; what to try next. Raises BadInput and Refusal."""
        plan, everything = self.plan, read(self.plan.data)
        _make_room(plan.out)
        start = int(everything.registrations[-1].at - plan.days * DAY)
        parcels = everything.since(int(start - plan.history * DAY))
        coming = [parcel for parcel in parcels.registrations if parcel.at >= start]
        officials = Officials.among(plan.data, coming, plan.out)
        Key.generate(plan.out / "simvigia.key")
        rehearsed(plan.out)
        key = ("--key-file", str(plan.out / "simvigia.key"))
        basis = ("--notifier", "the rehearsal", "--basis", "a simulated country")
        known = _command("know", "--data", str(plan.data), "--store", plan.store, *basis, *key)
        self.say(f"Told the store first, by `simvigia know`: {known}")
        waited = self._history(parcels, start, officials)
        tally = self._stream(parcels, start, began=time.time() + 1.5 * waited + 2)
        self.say(_summary(tally))
        told = officials.told(_flagged(tally, parcels))
        replayed = _command("replay", "--store", plan.store, *key)
        self.say(
            f"`simvigia replay`, which recomputes every answer from the events alone: {replayed}"
        )
        self.say(told)
        self.say(self.heard)
        return _next(plan, tally, parcels)

    def _history(self, parcels: Parcels, start: int, officials: Officials) -> float:
        """Import what came before, and end the service without warning; seconds it took to begin."""
        past = [p for p in parcels.registrations if p.at < start]
        verdicts = [p for p in parcels.outcomes if p.at < start]
        asked = time.monotonic()
        with self._service(parcels, f"{_iso(start)}@0") as (base, process):
            waited = time.monotonic() - asked
            self.say(f"Serving {base} with {self.plan.store}")
            with self.bars() as report:
                done = asyncio.run(self._told(base, past, verdicts, report))
            self.say(done)
            officials.enrol(base)
            process.kill()
            process.wait()
        self.say("Killed the service without warning (SIGKILL) and started it again.")
        return waited

    async def _told(
        self,
        base: str,
        past: Sequence[Parcel],
        verdicts: Sequence[Parcel],
        report: Callable[[str, float], None],
    ) -> str:
        async with self._client(base) as client:
            began = time.perf_counter()
            ended = await client.import_all(past, lambda s: report("Importing history", s))
            spent = time.perf_counter() - began
            tally = Tally()
            await client.ask_all(verdicts, tally)
        return (
            f"Imported {ended['created']:,} earlier registrations as NDJSON in {spent:.0f} s "
            f"({ended['created'] / spent:,.0f} a second; {ended['rejected']} rejected), "
            f"then reported {tally.reported:,} verdicts."
        )

    def _stream(self, parcels: Parcels, start: int, *, began: float) -> Tally:
        plan, tally = self.plan, Tally()
        every = (*parcels.registrations, *parcels.line_events, *parcels.outcomes)
        end = parcels.registrations[-1].at
        coming = sorted((p for p in every if start <= p.at <= end), key=lambda p: p.at)

        def now() -> int:
            return start + int((time.time() - began) * plan.pace * 1e6)

        with self._service(parcels, f"{_iso(start)}@{plan.pace}@{began}") as (base, _):
            time.sleep(max(0.0, began - time.time()))
            self.say(
                f"Streaming {plan.days:g} days in {plan.seconds:g} s: every registration, line event and "
                "verdict at its moment, from this process to the service's, over HTTP."
            )
            asyncio.run(self._send(base, coming, tally, now))
            tally.behind = max(0.0, (now() - end) / plan.pace / 1e6)
            time.sleep(SETTLED)
            self.heard = self._heard(base, _flagged(tally, parcels), last=parcels.registrations[-1])
        return tally

    def _heard(self, base: str, flagged: Sequence[Parcel], *, last: Parcel) -> str:
        """What somebody does at the portal who was handed a folio; where nobody was, one is made up."""
        holder, store = Holder(base, self.plan.out), self.plan.store
        heard = holder.answer({p.registration: p for p in flagged}, store=store)
        if not heard:
            one = of_the_dead(last)
            asyncio.run(self._ask(base, one))
            heard = f"{MADE_UP}\n{holder.answer({one.registration: one}, store=store)}"
        return heard

    async def _ask(self, base: str, parcel: Parcel) -> None:
        async with self._client(base) as client:
            await client.ask_all([parcel], Tally())

    async def _send(
        self, base: str, coming: Sequence[Parcel], tally: Tally, now: Callable[[], int]
    ) -> None:
        async with self._client(base) as client:
            tally.began = time.perf_counter()
            async with shown(tally, now, title="simvigia · a carrier's stream"):
                await client.stream(coming, tally, now=now, pace=self.plan.pace)

    def _client(self, base: str) -> Client:
        path = self.plan.out / "credentials.json"
        return Client(base, path, language=self.plan.language)

    @contextlib.contextmanager
    def _service(
        self, parcels: Parcels, clock: str
    ) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
        """`simvigia serve` in a process of its own, answering when the body begins. Raises Refusal."""
        port, plan = _free_port(), self.plan
        arguments = ["serve", "--port", str(port), "--store", plan.store]
        arguments += [f"--carrier={carrier}" for carrier in parcels.carriers]
        if plan.model:
            arguments += ["--model", str(plan.model)]
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SIMVIGIA_")}
        told = {"SIMVIGIA_CLOCK": clock, "SIMVIGIA_RATE": "100000", "SIMVIGIA_BURST": "100000"}
        told["SIMVIGIA_ANSWER_WITHIN"] = "30"  # this machine does everything else as well
        told["SIMVIGIA_QUIET_HOURS"] = "off"  # whoever rehearses at night wants to see letters
        with (plan.out / MARKER).open("ab") as log:
            process = subprocess.Popen(
                [COMMAND, *arguments], env=kept | told, stdout=log, stderr=log
            )
        try:
            base = f"http://127.0.0.1:{port}"
            self._wait(base, process)
            yield base, process
        finally:
            process.terminate()
            process.wait()

    def _wait(self, base: str, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{base}/health/ready").is_success:
                    return
            time.sleep(0.1)
        raise Refusal(f"the service did not start; {self.plan.out / MARKER} says why")


def of_the_dead(parcel: Parcel) -> Parcel:
    """A registration made up of another: a new line, and the trusted source calls its holder dead."""
    said, (carrier, registration) = json.loads(parcel.content), parcel.registration
    said |= {"operation": "NEW_LINE", "validationResult": "DECEASED"}
    said |= {"registrationId": (name := f"{registration[:57]}-ensayo")}
    said.pop("lineFirstSeenOn", None)
    content = json.dumps(said).encode()
    return replace(parcel, registration=(carrier, name), content=content)


def _flagged(tally: Tally, parcels: Parcels) -> list[Parcel]:
    """The registrations that were flagged, whatever it was that flagged them."""
    return [parcel for parcel in parcels.registrations if parcel.registration in tally.flagged]


def _make_room(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / MARKER).exists():
            raise BadInput(f"folder {out} holds something else; name another with --out")
        for path in out.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER).touch()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(*arguments: str) -> str:
    """What one of our commands says. Raises Refusal where it fails."""
    done = subprocess.run([COMMAND, *arguments], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Refusal(f"`simvigia {arguments[0]}` ended with {done.returncode}")
    return done.stdout.strip()


def _iso(at: int) -> str:
    return (EPOCH + timedelta(microseconds=at)).isoformat()


def _summary(tally: Tally) -> str:
    refused = "".join(f", {count:,} refused with {code}" for code, count in tally.refused.items())
    asked = ", ".join(f"{count:,} {decision}" for decision, count in tally.decisions.most_common())
    behind = f" The stream ended {tally.behind:.0f} s behind its clock." if tally.behind > 2 else ""
    return (
        f"Answered {tally.asked:,} registrations ({asked}) and {tally.reported:,} later reports{refused}; "
        f"p50 {tally.latency(0.5):.1f} ms, p99 {tally.latency(0.99):.1f} ms.{behind}"
    )


def _next(plan: Plan, tally: Tally, parcels: Parcels) -> str:
    shown = next(reversed(tally.flagged), parcels.registrations[-1].registration)
    return prepared(plan.out, store=plan.store, shown=shown)
