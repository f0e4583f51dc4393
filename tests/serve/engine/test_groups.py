"""Who was registered in coarse groups: sealed to the audit's key, and to nobody else's."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from detector.errors import BadInput, KeyMissing
from detector.identity.groups import named
from detector.intake import identity, tokenise
from serve.audit.groups import opened
from serve.auditkeys import AUDIT_NAME, AuditKeys
from serve.engine import Question
from serve.grouping import BOX, RURAL_PLACES, Grouping
from serve.sealing import sealed_group
from serve.store import epochs
from serve.store.books import Books
from serve.store.database import connect
from serve.store.keys import ENGINE_NAME, WORKER_NAME, StoreKeys, rehearsed
from serve.store.retention import Retention
from serve.subjects.erasing import erase
from serve.vault import NotOpened
from tests import builders
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, later, micros, question

AT = datetime(2026, 6, 1, tzinfo=UTC)
WOMAN = "XAXX900101MOCXXX0"
MAN = {("sex", "men"), ("age", "30 to 44"), ("born in", "another country")}  # who `curp_of` makes


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreKeys:
    """Of this store alone, with an audit's beside them."""
    made = rehearsed(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    monkeypatch.setattr("serve.store.keys.LOOK_EVERY", 0.0)
    return made


@pytest.fixture
def auditor(keys: StoreKeys, tmp_path: Path) -> AuditKeys:
    assert keys.engine.newest.audited
    return AuditKeys.load(tmp_path / AUDIT_NAME)


@pytest.fixture
def standing(keys: StoreKeys, store_url: str) -> Iterator[Standing]:
    made = Standing(store_url)
    yield made
    made.close()


def groups(standing: Standing, keys: AuditKeys) -> list[set[tuple[str, str]]]:
    """What the audit reads of each registration."""
    found = opened(standing.books, keys)
    held = list(named(found.codes))
    return [{(kind, name) for kind, name, who in held if who[i]} for i in range(len(found.codes))]


def boxes(standing: Standing) -> list[tuple[bytes, bytes]]:
    rows = standing.books.own.rows("SELECT id, box FROM audit_groups")
    return [(bytes(name), bytes(box)) for name, box in rows]


def test_the_audit_reads_sex_age_and_birthplace_and_nobody_else_does(
    standing: Standing, auditor: AuditKeys
) -> None:
    standing.answered(question(), question(identity_type="passport", identity_value="ABC:X123456"))

    assert groups(standing, auditor) == [MAN, set()]
    for name, box in boxes(standing):
        assert standing.books.seals.by_worker(name, box) is None, "the worker has no such key"
        with pytest.raises(NotOpened):
            standing.books.seals.by_auditor(boxes(standing)[0][0], boxes(standing)[1][1], auditor)
    engine_only = Books(connect(standing.url))
    engine_only.seals.keys.worker = None
    with pytest.raises(KeyMissing):
        engine_only.seals.by_worker(*boxes(standing)[0])
    standing.restart()
    assert groups(standing, AuditKeys(()).with_fresh()) == [set(), set()], "another's key"


def test_boxes_of_everybody_have_one_size(standing: Standing) -> None:
    nobody = {"identity_type": "passport", "identity_value": "ABC:X123456"}
    standing.answered(question(), question(**nobody), question(place=None))

    assert len({len(box) for _, box in boxes(standing)}) == 1


def test_no_group_is_kept_where_nobody_audits(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    StoreKeys.generate(tmp_path)
    monkeypatch.setenv("SIMVIGIA_ENGINE_KEY_FILE", str(tmp_path / ENGINE_NAME))
    monkeypatch.setenv("SIMVIGIA_WORKER_KEY_FILE", str(tmp_path / WORKER_NAME))
    standing = Standing(store_url)
    standing.answered(question())
    assert boxes(standing) == []
    standing.close()


def sent(row: dict[str, object], box: bytes | None) -> dict[str, object]:
    """A row as somebody sends it who blinds identities."""
    table = tokenise(builders.table([row]), pseudonymiser())
    made = {name: value for name, value in table.to_pylist()[0].items() if value is not None}
    made["registered_at"] = row["registered_at"]
    if box is not None:
        made[BOX] = base64.urlsafe_b64encode(box).decode().rstrip("=")
    return made


def test_who_blinds_identities_seals_their_groups_to_the_audit(
    standing: Standing, auditor: AuditKeys
) -> None:
    public, code = X25519PublicKey.from_public_bytes(auditor.public), 77
    events = [question().event for _ in range(4)]
    told = [
        sent(events[0], sealed_group(code, public)),
        sent(events[1], None),
        sent(events[2], b"x" * 50),  # nonsense
        sent(question().event, sealed_group(65_535, public)),  # no code that there is
        events[3] | {BOX: base64.urlsafe_b64encode(sealed_group(code, public)).decode()[:67]},
    ]
    standing.answered(*map(Question, told))

    found = opened(standing.books, auditor).codes.tolist()

    assert found[:4] == [code, 0, 0, 0]
    assert found[4] not in (0, code), "of an identity in clear the door speaks itself"


def test_another_box_is_no_other_question(standing: Standing, auditor: AuditKeys) -> None:
    public = X25519PublicKey.from_public_bytes(auditor.public)
    one = question().event
    first, again = (Question(sent(one, sealed_group(3, public))) for _ in range(2))
    assert first.event != again.event

    [answer] = standing.answered(first)
    [same] = standing.answered(again)

    assert (same.assessment_id, same.repeated) == (answer.assessment_id, True)
    assert opened(standing.books, auditor).codes.tolist() == [3]


def test_another_key_of_the_audit_and_another_epoch(standing: Standing, auditor: AuditKeys) -> None:
    standing.answered(question())
    epochs.rotate(standing.books, AT)
    standing.answered(question())
    both = auditor.with_fresh()
    epochs.audit(standing.books, both.public, AT)
    standing.answered(question())
    standing.restart()

    assert groups(standing, both) == [MAN, MAN, MAN]
    standing.restart()
    assert groups(standing, AuditKeys(both.private[1:])) == [set(), set(), MAN]
    assert [facts for (facts,) in standing.books.own.rows("SELECT facts FROM audit_notes")][
        -1:
    ] == ['{"event": "audited", "epoch": "2"}']


def test_groups_are_forgotten_with_vectors_and_with_the_person(standing: Standing) -> None:
    standing.answered(question(identity_value=curp_of(1)), question(identity_value=curp_of(2)))
    assert len(boxes(standing)) == 2

    who = identity("curp", curp_of(1), pseudonymiser(), day=20_500)
    erase(standing.books, who, at=AT)
    assert len(boxes(standing)) == 1

    standing.settle(later(days=30))
    Retention(lambda: micros(later(days=91)))(standing.books.own, AT)
    assert len(boxes(standing)) == 1
    Retention(lambda: micros(later(days=600)))(standing.books.own, AT)
    assert boxes(standing) == []


def test_a_place_is_rural_where_the_operators_list_says_so(tmp_path: Path) -> None:
    listed = tmp_path / "rural.txt"
    listed.write_text("20001\n20002\n")
    made = Grouping.load({RURAL_PLACES: str(listed)})
    assert [g.place for g in made.groups([1, 1, 1], [20_002, 9_015, 0], [{}] * 3)] == [1, 2, 0]
    assert Grouping.load({}).groups([1], [20_002], [{}])[0].place == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("20001\n2000\n", "rural.txt, line 2"), ("Ñ0001", "line 1"), (None, "cannot")],
)
def test_a_list_of_places_that_is_none_is_refused(
    tmp_path: Path, text: str | None, said: str
) -> None:
    listed = tmp_path / "rural.txt"
    if text is not None:
        listed.write_text(text)
    with pytest.raises(BadInput, match=said):
        Grouping.load({RURAL_PLACES: str(listed)})
