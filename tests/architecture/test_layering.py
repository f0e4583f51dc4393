"""Who may import whom, and who may ask for time or chance.

`serve` imports `detector`, never back. Inside `detector` a module imports only from layers before its own.
Every failure names the line and the right call to make instead.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from tests.architecture.imports import (
    clock_readings,
    generators_made,
    imports,
    unseeded_draws,
)
from tests.architecture.source import Module, module, modules

# Each module of `detector` (or package, with all it holds), lowest first.
LAYERS = (
    "compiled",
    "errors",
    "pieces",
    "registration",
    "lifecycle",
    "spans",
    "dates",
    "intervals",
    "folder",
    "identity",
    "pseudonym",
    "intake",
    "simulate",
    "lands",
    "windows",
    "extras",
    "walks",
    "history",
    "wave",
    "exposure",
    "flags",
    "rings",
    "context",
    "records",
    "packing",
    "laid",
    "glances",
    "running",
    "logbook",
    "live",
    "impression",
    "signals",
    "decision",
    "audit",
    "model",
    "scoring",
    "output",
    "catalogue",
    "practice",
    "workbench",
    "demo",
    "console",
    "making_impressions",
    "simulating",
    "cli",
)
CLI = "detector.cli"
COMMANDS = (CLI, "detector.simulating")  # load what is heavy inside a command
SEEDED = (  # where a land's one generator is made
    "detector.lands.countries",
    "detector.lands.neighbours.country",
    "detector.lands.strangers.world",
    "detector.lands.travellers.country",
    "detector.lands.villagers.country",
)
KEYS = "detector.pseudonym"  # a key that a seed could give again would protect nobody


@dataclass(frozen=True, slots=True)
class Ban:
    """Modules that `detector` does not import, who may all the same, and what to do instead."""

    targets: tuple[str, ...]
    instead: str
    but: tuple[str, ...] = ()


BANS = (
    Ban(("serve",), "offer it as an argument or an entry point; serve calls detector"),
    Ban(
        ("fastapi", "starlette", "flask", "django", "uvicorn", "aiohttp", "httpx", "requests"),
        "return a value; what speaks HTTP lives in serve/",
    ),
    Ban(
        ("sqlite3", "sqlalchemy", "psycopg", "psycopg2", "asyncpg", "aiosqlite"),
        "take the rows as an argument; serve/store fetches them",
    ),
    Ban(("mlflow",), "call detector.model.tracking", ("detector.model.tracking",)),
    Ban(
        ("time", "secrets"), "take `at` or the key as an argument, made in detector/cli.py", (CLI,)
    ),
    Ban(("random",), "take `rng: np.random.Generator` as an argument"),
    Ban(
        ("detector.simulate",),
        "take the tables as an argument, made by a command; the engine knows no country",
        (
            *COMMANDS,
            "detector.demo",
            "detector.lands.countries",
            "detector.practice",
            "detector.simulate",
        ),
    ),
)
OPAQUE = Ban(
    ("pickle", "cPickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"),
    "write LightGBM text, JSON or Parquet: a file must not be able to run code",
)

DETECTOR = modules("detector")
NAMES = frozenset(source.name for source in DETECTOR)


def test_no_banned_module_is_imported() -> None:
    assert faults(ban_faults(source, ban) for source in DETECTOR for ban in BANS) == []


def test_nothing_anywhere_reads_a_format_that_can_run_code() -> None:
    everything = modules("detector", "serve", "tests", "benchmarks", "scripts")

    assert faults(ban_faults(source, OPAQUE) for source in everything) == []


def test_every_module_has_a_layer() -> None:
    homeless = [f"{s.at(1)} put `{layer(s.name)}` in LAYERS" for s in DETECTOR if rank(s.name) < 0]

    assert homeless == []


def test_modules_import_only_from_layers_before_their_own() -> None:
    assert faults(layer_faults(source, NAMES) for source in DETECTOR) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(DETECTOR) == []


def test_only_commands_import_inside_functions() -> None:
    assert faults(hidden_import_faults(source) for source in DETECTOR) == []


def test_only_the_command_line_reads_the_clock() -> None:
    readings = [s.at(line) for s in DETECTOR if s.name != CLI for line in clock_readings(s)]

    assert readings == [], "take `at: datetime` as an argument"


def test_no_draw_is_made_without_a_seed() -> None:
    exempt = (CLI, KEYS)
    draws = [s.at(line) for s in DETECTOR if s.name not in exempt for line in unseeded_draws(s)]

    assert draws == [], "take `rng: np.random.Generator` as an argument"


def test_generators_are_made_only_where_a_seed_comes_in() -> None:
    homes = ("detector.simulate", "detector.model", "detector.practice", CLI, *SEEDED)
    made = [s.at(x) for s in DETECTOR if not is_within(s.name, homes) for x in generators_made(s)]

    assert made == [], "take `rng: np.random.Generator` as an argument"


def test_an_upward_import_is_reported_with_its_line() -> None:
    found = layer_faults(
        module("detector.errors", "import ast\nfrom detector import intake\n"), NAMES
    )

    assert found == [
        "detector/errors.py:2 `errors` imports `detector.intake`, a layer above it: "
        "take what it gives as an argument, or move the shared part below `errors`"
    ]


def test_a_circle_is_reported_with_its_members() -> None:
    first = module("detector.model.a", "from detector.model import b")
    second = module("detector.model.b", "from detector.model.a import thing")

    assert set(circle([first, second])) == {"detector.model.a", "detector.model.b"}


def test_a_banned_import_inside_a_function_is_reported_with_the_right_call() -> None:
    source = module("detector.scoring", "def log():\n    import mlflow.tracking\n")

    assert faults(ban_faults(source, ban) for ban in BANS) == [
        "detector/scoring.py:2 imports `mlflow.tracking`: call detector.model.tracking"
    ]


def test_a_relative_import_of_the_own_package_is_seen_as_internal() -> None:
    source = module("detector.model.train", "def fit():\n    from . import dataset\n")

    assert hidden_import_faults(source) == [
        "detector/model/train.py:2 imports `detector.model` in a function: import at the top"
    ]


def test_every_way_to_ask_for_the_time_is_seen() -> None:
    text = "datetime.now(UTC)\ndt.date.today()\npd.Timestamp.now()\nnp.datetime64('now')\n"

    assert sorted(clock_readings(module("detector.scoring", text))) == [1, 2, 3, 4]


def test_every_way_to_draw_without_a_seed_is_seen() -> None:
    text = "np.random.rand()\nnp.random.default_rng()\nuuid.uuid4()\nnp.random.default_rng(7)\n"

    assert sorted(set(unseeded_draws(module("detector.scoring", text)))) == [1, 2, 3]


def faults(found: Iterable[list[str]]) -> list[str]:
    return [fault for some in found for fault in some]


def layer(name: str) -> str:
    """The part of `detector` that a dotted name belongs to; empty for the root."""
    return name.split(".")[1] if "." in name else ""


def rank(name: str) -> int:
    """Position among the layers; the root, which imports nothing, is below all; -1 is homeless."""
    if name == "detector":
        return 0
    return LAYERS.index(layer(name)) + 1 if layer(name) in LAYERS else -1


def is_within(name: str, places: tuple[str, ...]) -> bool:
    return any(name == place or name.startswith(f"{place}.") for place in places)


def ban_faults(source: Module, ban: Ban) -> list[str]:
    if is_within(source.name, ban.but):
        return []
    return [
        f"{source.at(found.line)} imports `{found.target}`: {ban.instead}"
        for found in imports(source, NAMES)
        if is_within(found.target, ban.targets)
    ]


def layer_faults(source: Module, known: Iterable[str]) -> list[str]:
    own = rank(source.name)
    return [
        f"{source.at(found.line)} `{layer(source.name)}` imports `{found.target}`, a layer above it: "
        f"take what it gives as an argument, or move the shared part below `{layer(source.name)}`"
        for found in imports(source, {*known, *(f"detector.{name}" for name in LAYERS)})
        if is_within(found.target, ("detector",)) and rank(found.target) > own >= 0
    ]


def hidden_import_faults(source: Module) -> list[str]:
    if source.name in COMMANDS:
        return []
    return [
        f"{source.at(found.line)} imports `{found.target}` in a function: import at the top"
        for found in imports(source)
        if found.inside_function and is_within(found.target, ("detector",))
    ]


def circle(sources: list[Module]) -> list[str]:
    """The names along one import cycle, or nothing."""
    known = {source.name for source in sources}
    graph = {s.name: {found.target for found in imports(s, known)} & known for s in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
