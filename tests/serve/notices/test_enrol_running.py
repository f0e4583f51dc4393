"""From an institution's file to a notice, over HTTP: two run `simvigia enrol`, one accepts at the portal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serve.cli import HOUSE, HOUSE_DOMAIN, SIGNERS
from serve.official import Officials
from serve.parcels import ASSESS, Parcel
from serve.streaming import Refusal
from tests.builders import curp_of
from tests.serve import counter
from tests.serve.engine.serving import Server

ANA = curp_of(900_031)  # far from those that builders count up to
CONTACT = f"ana@{HOUSE_DOMAIN}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("enrolling"), told={"SIMVIGIA_QUIET_HOURS": "off"})
    yield made
    made.kill()


def written(folder: Path, *rows: str) -> Path:
    path = folder / "gente.csv"
    path.write_text("\n".join(("identity_type,identity_value,contact,every", *rows)), "utf-8")
    return path


def enrol(server: Server, file: Path, signer: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The command as an institution types it."""
    program = str(Path(sys.executable).with_name("simvigia"))
    known = str(server.folder / f"{signer}.json")
    options = ["--institution", HOUSE, "--credentials", known, "--url", server.url, *more]
    command = [program, "enrol", str(file), *options]
    return subprocess.run(command, text=True, capture_output=True, check=False)


def test_an_institutions_file_signed_twice_reaches_its_people(
    server: Server, tmp_path: Path
) -> None:
    file = written(tmp_path, f"curp,{ANA},{CONTACT},yes")
    proposed = enrol(server, file, SIGNERS[0])
    batch = proposed.stdout.split("--batch ")[1].strip()
    signed = enrol(server, file, SIGNERS[1], "--batch", batch)
    assert (proposed.returncode, signed.returncode) == (0, 0), signed.stderr
    assert "both signatures" in signed.stdout

    officials = Officials(server.folder, {CONTACT: ("CURP", ANA)})
    officials.accept(server.url)
    with server.client() as client:
        now = datetime.now(UTC).isoformat()
        body = counter.question(registrationId="of-ana", identityValue=ANA, registeredAt=now)
        assert client.post("/assessments", json=body).status_code == 201
    told = officials.told([Parcel(0, ASSESS, ("alfa", "of-ana"), b"{}")])

    assert "1 letters told them" in told
    assert ANA not in told


def test_a_code_that_is_not_theirs_is_not_taken(server: Server) -> None:
    stranger = Officials(server.folder, {CONTACT: ("CURP", curp_of(900_032))})
    with pytest.raises(Refusal):
        stranger.accept(server.url)


@pytest.mark.parametrize(
    ("row", "signer", "told"),
    [
        (f"curp,{ANA},ana@elsewhere.example,no", SIGNERS[0], "row 2, contact"),
        (f"curp,{ANA[:-1]},{CONTACT},no", SIGNERS[0], "row 2, identityValue"),
        (f"curp,{ANA},{CONTACT},no", "credentials", "lacks the scope"),
    ],
)
def test_what_the_service_refuses_is_one_line_and_quotes_nobody(
    server: Server, tmp_path: Path, row: str, signer: str, told: str
) -> None:
    fine = f"curp,{curp_of(900_033)},fine@{HOUSE_DOMAIN},no"
    done = enrol(server, written(tmp_path, fine, row), signer)

    assert done.returncode == 2
    assert told in done.stderr
    assert ANA[:-1] not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
