"""Enrolled, not enrolled, silent for today: the same statements, ciphers, hashes, status and bytes."""

from __future__ import annotations

import hmac
from collections import Counter
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serve.deliveries import sealing
from serve.notices import lockbox
from tests.builders import curp_of
from tests.serve.portal.people import AT, DANI, EVE, Visitor, World, enrolled

pytestmark = pytest.mark.anyio


class Counted:
    """Counts what is asked of the store and of the ciphers."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.work: Counter[str] = Counter()
        for name in ("rows", "run", "run_many", "found"):
            patch.setattr(world.own, name, self._told(name, getattr(world.own, name)))
        real = hmac.digest
        patch.setattr(lockbox.hmac, "digest", self._told("hmac", real))
        work = self.work

        class Cipher:
            def __init__(self, key: bytes) -> None:
                self._own = AESGCM(key)

            def encrypt(self, *given: Any) -> bytes:
                work["encrypt"] += 1
                return self._own.encrypt(*given)

            def decrypt(self, *given: Any) -> bytes:
                work["decrypt"] += 1
                return self._own.decrypt(*given)

        patch.setattr(lockbox, "AESGCM", Cipher)
        for vault in _vaults(world):
            wrapped = {mark: _Wrapped(key, work) for mark, key in vault._keys.items()}
            patch.setattr(vault, "_keys", wrapped)

    def _told(self, name: str, real: Any) -> Any:
        def told(*given: Any, **more: Any) -> Any:
            first = str(given[0])[:60] if name in {"rows", "run", "run_many", "found"} else ""
            self.work[f"{name} {first}"] += 1
            return real(*given, **more)

        return told


class _Wrapped:
    def __init__(self, own: Any, work: Counter[str]) -> None:
        self._own, self._work = own, work

    def encrypt(self, *given: Any) -> bytes:
        self._work["vault encrypt"] += 1
        return self._own.encrypt(*given)

    def decrypt(self, *given: Any) -> bytes:
        self._work["vault decrypt"] += 1
        return self._own.decrypt(*given)


def _vaults(world: World) -> list[sealing.Vault]:
    prover = world.portal.prover
    return [prover._pen.letters, prover._register._contacts, world.portal.cookies._vault]


async def walked(visitor: Visitor, value: str, **more: str) -> list[tuple[int, int, int]]:
    """Status, bytes and bytes of headers of the pages up to a wrong code."""
    pages = [await visitor.claim(value, **more), await visitor.send("/clave", code="1234")]
    pages.append(await visitor.send("/otra"))
    return [
        (page.status_code, len(page.content), sum(len(k) + len(v) for k, v in page.headers.items()))
        for page in pages
    ]


@pytest.mark.parametrize("by", ["holder", "delegate"])
@pytest.mark.parametrize("folio", ["", "K7PM-4TQX-9RHD"])
async def test_nobody_learns_who_is_enrolled(world: World, by: str, folio: str) -> None:
    world.enrol(
        EVE, contact="+525512345678", delegate="oficina@congreso.example", vouched_by="alfa"
    )
    found = []
    for value in (DANI, EVE, curp_of(77), curp_of(78)):
        with pytest.MonkeyPatch.context() as patch:
            visitor = world.visitor()
            counted = Counted(world, patch)
            pages = await walked(visitor, value, by=by, folio=folio)
            found.append((pages, counted.work))

    assert all(one == found[0] for one in found[1:]), found
    assert found[0][1]["vault encrypt"] >= 4


async def test_somebody_who_had_too_many_codes_looks_like_anybody(world: World) -> None:
    for _ in range(10):
        await world.visitor().claim()
    with pytest.MonkeyPatch.context() as patch:
        tired = Counted(world, patch)
        first = await walked(world.visitor(), DANI)
    with pytest.MonkeyPatch.context() as patch:
        nobody = Counted(world, patch)
        second = await walked(world.visitor(), curp_of(78))

    assert first == second
    assert tired.work == nobody.work


async def test_an_invitation_looks_like_none_to_whoever_has_no_code(world: World) -> None:
    enrolled(world.own, EVE, at=AT, contact="eve@congreso.example", accept=False)
    pages = []
    for value in (EVE, DANI, curp_of(78)):
        visitor = world.visitor()
        await visitor.open("/aceptar")
        page = await visitor.send("/aceptar", kind="curp", value=value, code="1", want="yes")
        pages.append((page.status_code, len(page.content)))

    assert len(set(pages)) == 1
