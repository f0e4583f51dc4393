"""Documents that cannot rot: commands are documented, links lead somewhere, promises name what shows them."""

import ast
import re
from pathlib import Path

import click
import pytest

from detector.cli import main
from tests.architecture.source import ROOT

DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "models").rglob("*.md")),
]
DECISIONS = sorted((ROOT / "docs/decisions").glob("[0-9]*.md"))
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def test_every_command_is_in_the_documents() -> None:
    written = "\n".join(TEXTS.values())
    missing = [name for name in commands() if f"simvigia {name}" not in written]

    assert missing == []


def test_every_command_and_option_says_what_it_does() -> None:
    table = commands().values()
    silent = [command.name for command in table if not command.get_short_help_str()]
    unexplained = [
        f"{command.name} {option.opts[0]}"
        for command in table
        for option in command.params
        if isinstance(option, click.Option) and not option.help
    ]

    assert silent + unexplained == []


def test_documents_show_no_command_or_target_that_does_not_exist() -> None:
    typed = {name for text in TEXTS.values() for name in shown(r"simvigia ([a-z-]+)", text)}
    targets = {name for text in TEXTS.values() for name in shown(r"make ([a-z-]+)", text)}

    assert targets <= make_targets()
    assert typed <= set(commands())


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path, text in TEXTS.items()
        for target in LINK.findall(FENCE.sub("", text))
        if not leads_somewhere(target, path)
    ]

    assert broken == []


def test_every_promise_names_a_test_or_command_that_exists() -> None:
    rows = promises((ROOT / "docs/promises.md").read_text(encoding="utf-8"))
    unshown = [promise for promise, evidence in rows if not evidence]
    missing = [item for _, evidence in rows for item in evidence if not exists(item)]

    assert rows
    assert unshown + missing == []


@pytest.mark.parametrize("title", ["Context", "Decision", "Consequences", "Alternatives"])
def test_every_decision_has_the_form(title: str) -> None:
    lacking = [path.name for path in DECISIONS if f"\n## {title}\n" not in TEXTS[path]]

    assert lacking == []


@pytest.mark.parametrize(
    "item",
    [
        "tests/test_docs.py::test_that_nobody_wrote",
        "tests/nowhere.py",
        "make nothing",
        "simvigia nothing",
        "a promise in words",
    ],
)
def test_evidence_that_does_not_exist_is_seen(item: str) -> None:
    assert not exists(item)


def test_a_promise_row_is_split_into_words_and_evidence() -> None:
    table = "| promise | shown by |\n|---|---|\n| It holds. | `make test`, `a.py::test_b` |\n"

    assert promises(table) == [("It holds.", ["make test", "a.py::test_b"])]


def test_a_link_to_a_missing_file_or_heading_is_seen() -> None:
    here = ROOT / "docs/promises.md"

    assert not leads_somewhere("nowhere.md", here)
    assert not leads_somewhere("decisions/README.md#no-such-heading", here)
    assert leads_somewhere("decisions/README.md#decisions", here)


def commands() -> dict[str, click.Command]:
    """The command line as it is, not as a document tells it, with what the service adds."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def make_targets() -> set[str]:
    return set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    )


def shown(pattern: str, text: str) -> list[str]:
    """What a document shows as typed: in backticks, or at the start of a line of a code block."""
    blocks = "\n".join(FENCE.findall(text))
    prompt = r"^(?:\$ )?(?:\.venv/bin/)?"
    return re.findall(rf"`(?:\.venv/bin/)?{pattern}", text) + re.findall(
        prompt + pattern, blocks, re.M
    )


def leads_somewhere(target: str, source: Path) -> bool:
    """Whether a link's file and heading exist; other sites are not asked."""
    if re.match(r"[a-z]+:", target):
        return True
    name, _, anchor = target.partition("#")
    path = (source.parent / name).resolve() if name else source
    if not path.exists() or not anchor:
        return path.exists()
    return anchor in [slug(heading) for heading in headings(path)]


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.M)


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def promises(text: str) -> list[tuple[str, list[str]]]:
    """The rows of the table: the promise, and what is in backticks beside it."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    rows = [row for row in cells if row[:1] != ["promise"]]
    return [(row[0], re.findall(r"`([^`]+)`", row[-1]) if len(row) > 1 else []) for row in rows]


def exists(item: str) -> bool:
    """Whether evidence is there: a test, a test file, a benchmark, a make target or a command."""
    word, _, name = item.partition(" ")
    if word == "make":
        return name in make_targets()
    if word == "simvigia":
        return name.split(" ")[0] in commands()
    file, _, test = item.partition("::")
    return (ROOT / file).is_file() and (not test or test in functions(ROOT / file))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
