"""Who imports whom, and who asks for time or chance, read from the syntax tree."""

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tests.architecture.source import Module

# Names that stand for an instant or a draw that nobody passed in.
CLOCKS = frozenset(
    {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Timestamp.now"}
    | {"Timestamp.today", "Timestamp.utcnow"}
)
CHANCE = frozenset({"os.urandom", "uuid.uuid1", "uuid.uuid4"})
SEEDABLE = frozenset(
    {"default_rng", "Generator", "SeedSequence", "BitGenerator", "PCG64", "Philox"}
)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module: its full name, the line, and whether a function does it."""

    target: str
    line: int
    inside_function: bool


def imports(source: Module, known: Collection[str] = ()) -> Iterator[Import]:
    """What a module imports; `from a import b` is `a.b` where that is a known module, else `a`."""
    nested = {id(node) for function in source.functions() for node in ast.walk(function)}
    for node in ast.walk(source.tree):
        for target in _targets(node, source, known):
            yield Import(target, node.lineno, id(node) in nested)


def clock_readings(source: Module) -> Iterator[int]:
    """Lines that ask what time it is."""
    for node in ast.walk(source.tree):
        if _last_two(node) in CLOCKS or _is_datetime64_now(node):
            yield node.lineno


def unseeded_draws(source: Module) -> Iterator[int]:
    """Lines that draw from a source of randomness that no seed governs."""
    for node in ast.walk(source.tree):
        dotted = _dotted(node)
        legacy = dotted.startswith(("np.random.", "numpy.random.")) and (
            dotted.split(".")[2] not in SEEDABLE
        )
        if legacy or dotted in CHANCE or _is_bare_generator(node):
            yield node.lineno


def generators_made(source: Module) -> Iterator[int]:
    """Lines that make a random generator, seeded or not."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _dotted(node.func).endswith("default_rng"):
            yield node.lineno


def _targets(node: ast.AST, source: Module, known: Collection[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = _base(node, source)
    return sorted(
        {full if (full := f"{base}.{alias.name}") in known else base for alias in node.names}
    )


def _base(node: ast.ImportFrom, source: Module) -> str:
    if not node.level:
        return node.module or ""
    package = source.name if source.path.name == "__init__.py" else source.name.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _last_two(node: ast.AST) -> str:
    return ".".join(_dotted(node).split(".")[-2:])


def _is_datetime64_now(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _dotted(node.func).endswith("datetime64")
        and any(isinstance(a, ast.Constant) and a.value in ("now", "today") for a in node.args)
    )


def _is_bare_generator(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and _dotted(node.func).endswith("default_rng")
        and not node.args
        and not node.keywords
    )
