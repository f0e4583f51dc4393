"""The portal over a store, with the parts that it shares with notices and disputes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter

from detector.pseudonym import Pseudonymiser
from serve.deliveries.sealing import Vault
from serve.notices.enrolment import Register
from serve.notices.lockbox import Lockbox, Seals
from serve.notices.notifier import Notifier, Unsettled
from serve.portal.acts import Audit, kept
from serve.portal.holding import Holding
from serve.portal.locks import Locks
from serve.portal.proof import Prover
from serve.portal.routes import HANDLERS
from serve.portal.service import Portal, router
from serve.portal.visits import Cookies
from serve.store.books import Books
from serve.store.database import connect


@dataclass(frozen=True, slots=True)
class Enrolling:
    """What notices are made with. `contacts` and `letters` are the vaults of the register and the outbox."""

    box: Lockbox
    register: Register
    notifier: Notifier
    contacts: Seals
    letters: Vault
    sender: str
    unsettled: Unsettled


def portal(
    url: str,
    door: Pseudonymiser,
    enrolling: Enrolling,
    holding: Holding,
    *,
    visits: Vault,
    now: Callable[[], datetime],
    audit: Audit = kept,
) -> APIRouter:
    """The portal's routes, over a connection of their own. `visits` seals cookies and nothing else."""
    prover = Prover(
        enrolling.box,
        enrolling.register,
        enrolling.notifier,
        contacts=enrolling.contacts,
        letters=enrolling.letters,
        sender=enrolling.sender,
        unsettled=enrolling.unsettled,
    )
    made = Portal(
        books=Books(connect(url)),
        door=door,
        box=enrolling.box,
        register=enrolling.register,
        prover=prover,
        notifier=enrolling.notifier,
        holding=holding,
        locks=Locks(enrolling.box),
        cookies=Cookies(visits),
        audit=audit,
        now=now,
    )
    return router(made, HANDLERS)
