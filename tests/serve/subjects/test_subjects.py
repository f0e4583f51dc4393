"""What is known of one person is shown to them, and can be erased for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from detector.errors import BadInput
from detector.intake import identity
from detector.pseudonym import Key
from serve.answers import Outcome
from serve.delivering import derived
from serve.disputes import book
from serve.forwarding import Forwarding
from serve.roots import Roots
from serve.store.database import connect
from serve.subjects.cli import subject
from serve.subjects.erasing import erase, left
from serve.subjects.holds import Hold, hold
from serve.subjects.known import known
from tests.builders import curp_of, pseudonymiser
from tests.serve.engine.standing import Standing, later, question, seen
from tests.serve.test_forwarding import FIRST, SECOND, sent

AT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def standing(store_url: str) -> Iterator[Standing]:
    made = Standing(store_url)
    yield made
    made.close()


def key(number: int) -> int:
    return identity("curp", curp_of(number), pseudonymiser(), day=20_500)


def lived(standing: Standing) -> None:
    """Two people at two carriers, on one device; one line was used and judged."""
    asked = [
        question(later(minutes=n), identity_value=curp_of(n % 2), device_id="one",
                 carrier_id=("alfa", "beta")[n // 2 % 2])
        for n in range(8)
    ]  # fmt: skip
    standing.answered(*asked, at=later(hours=1))
    standing.take(seen(asked[0], later(minutes=30), imei=str(asked[0].event["imei"])))
    name = str(asked[0].event["carrier_id"]), str(asked[0].event["registration_id"])
    standing.take(Outcome(*name, "fraud", "holder"), at=later(hours=2))


def test_a_person_is_shown_every_line_what_was_said_and_by_whom(standing: Standing) -> None:
    lived(standing)

    mine = known(standing.books, key(0))

    assert [(one.carrier, one.operation) for one in mine] == [
        ("alfa", "new_line"), ("beta", "new_line"), ("alfa", "new_line"), ("beta", "new_line")
    ]  # fmt: skip
    assert mine[0].verdicts[0][1:] == ("fraud", "holder")
    assert mine[0].answers[0][0] == "activation"
    assert known(standing.books, key(5)) == []


def test_an_erased_person_is_nowhere_and_the_replay_of_what_follows_agrees(
    standing: Standing,
) -> None:
    lived(standing)

    done = erase(standing.books, key(0), at=AT)
    standing.answered(
        *(question(later(hours=3, minutes=n), identity_value=curp_of(n % 3), device_id="one")
          for n in range(6)),
        at=later(hours=4),
    )  # fmt: skip

    assert done.registrations == 4
    assert left(standing.books, key(0)) == 2  # those that came afterwards
    assert standing.differing() == []
    standing.restart()
    standing.answered(question(later(hours=5), device_id="one"), at=later(hours=5))
    assert standing.differing() == []


def test_a_carrier_erases_its_own_and_nothing_else(standing: Standing) -> None:
    lived(standing)

    assert erase(standing.books, key(0), at=AT, carrier="alfa").registrations == 2
    assert {one.carrier for one in known(standing.books, key(0))} == {"beta"}


def test_an_open_dispute_and_a_hold_keep_a_person(standing: Standing) -> None:
    lived(standing)
    books = standing.books
    folio = known(books, key(0))[0].folio
    with books.own.writing():
        case = book.opened(books.own, folio, "alfa", AT)

    with pytest.raises(BadInput, match="dispute"):
        erase(books, key(0), at=AT)
    with books.own.writing():
        books.own.run("DELETE FROM disputes WHERE id = ?", [str(case.id)])
    hold(books, key(0), Hold("a court", "17/2026", AT + timedelta(days=9)), at=AT)
    with pytest.raises(BadInput, match="hold stands"):
        erase(books, key(0), at=AT + timedelta(days=8))
    assert erase(books, key(0), at=AT + timedelta(days=10)).registrations == 4


@pytest.mark.parametrize("asked", [("", "17"), ("a court", " ")])
def test_a_hold_names_who_asked_and_where(standing: Standing, asked: tuple[str, str]) -> None:
    with pytest.raises(BadInput, match="authority"):
        hold(standing.books, key(0), Hold(*asked, AT + timedelta(days=1)), at=AT)


def test_an_erasure_and_nobodys_rows_hold_no_token(standing: Standing) -> None:
    lived(standing)
    who = key(0).to_bytes(8, "little", signed=True)
    assert who in standing.books.entries([1])[1]

    erase(standing.books, key(0), at=AT)

    assert who not in standing.books.entries([1])[1]
    assert all(who not in text for _, text in standing.books.journal(0))
    assert np.frombuffer(who, np.int64)[0] == key(0)


def test_the_identity_is_typed_and_never_an_argument(store_url: str, standing: Standing) -> None:
    lived(standing)
    wrong = CliRunner().invoke(subject, ["show", "--store", store_url], input="nobody\n")

    assert isinstance(wrong.exception, BadInput)
    assert "nobody" not in str(wrong.exception)


def test_a_token_of_the_custodians_new_key_finds_the_person_and_goes_with_them(
    standing: Standing, tmp_path: Path
) -> None:
    Key.generate(tmp_path / "key")
    service = Key.load(tmp_path / "key")
    own = connect(standing.url)
    forwarding = Forwarding(own, derived(service, "forwarding"))
    roots = Roots(own, derived(service, "roots"))
    asked = forwarding.lead([sent(FIRST), sent(SECOND, FIRST, registration_id="again")])
    roots.disagreeing(asked)
    standing.answered(*asked, at=later(days=99))
    options = ["--store", standing.url, "--key-file", str(tmp_path / "key")]
    typed = str(sent(SECOND).event["identity_value"])

    shown = CliRunner().invoke(subject, ["show", *options], input=typed + "\n")
    done = CliRunner().invoke(subject, ["erase", "--yes", *options], input=typed + "\n")

    assert "2 registrations in this name" in shown.output
    assert "2 registrations are nobody's now" in done.output
    assert forwarding.first(typed) == typed
    assert own.rows("SELECT * FROM roots") == []
    own.close()
