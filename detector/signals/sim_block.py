"""Neighbouring SIMs left the factory together; a run of them in unrelated names is a lot for resale."""

from __future__ import annotations

from detector.context import Context
from detector.history import Column
from detector.signals.features import feature, ratio
from detector.signals.reasons import Reason
from detector.signals.signal import Signal

BATCH = "SIM_BATCH"


@feature(reason=BATCH)
def near_sims(c: Context) -> Column:
    """Registrations in other names with a SIM within five numbers of this one."""
    return c.on("block").more[:, 0]


@feature(reason=BATCH)
def near_sim_identities(c: Context) -> Column:
    """Identities on SIMs within five numbers of this one."""
    return c.on("block").more[:, 1]


@feature(reason=BATCH)
def near_sims_week(c: Context) -> Column:
    """Registrations in other names with a SIM within five numbers, within a week."""
    return c.on("block").more[:, 2]


@feature(reason=BATCH)
def sim_run(c: Context) -> Column:
    """Length of the unbroken run of SIM numbers in other names around this one."""
    return c.on("block").more[:, 3]


@feature(reason=BATCH)
def block_identities_week(c: Context) -> Column:
    """Different identities on the SIM block within a week."""
    return c.on("block").distinct("identity", "week")


@feature(neutral=float("nan"))
def block_devices_per_identity(c: Context) -> Column:
    """Devices per identity among the block's others: a lot is activated on few devices."""
    return ratio(c.on("block").distinct("device"), c.on("block").distinct("identity"))


@feature(neutral=float("nan"))
def block_agents_per_registration(c: Context) -> Column:
    """Agents per registration among the block's others."""
    return ratio(c.on("block").distinct("agent"), c.on("block").count())


@feature(neutral=float("nan"))
def block_same_agent_share(c: Context) -> Column:
    """Share of the block's others served by this agent."""
    return ratio(c.on("block").same("agent"), c.on("block").count())


SIGNAL = Signal(
    name="sim_block",
    sees="B, E and G: lots of SIMs bought together and registered in many names.",
    hurts="Customers of a shop that opened a new box of SIMs; company fleets.",
    features=(
        near_sims,
        near_sim_identities,
        near_sims_week,
        sim_run,
        block_identities_week,
        block_devices_per_identity,
        block_agents_per_registration,
        block_same_agent_share,
    ),
    reasons=(
        Reason(
            BATCH,
            "sim",
            "Chips con numeración contigua se registraron a nombre de otras personas.",
            "SIMs with neighbouring numbers were registered in other people's names.",
            counts=("block",),
        ),
    ),
)
