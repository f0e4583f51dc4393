"""What the repository promises as a whole: nothing of one machine in it, every dependency pinned by hash."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, repository_files

LARGEST = 2 * 1024 * 1024
# Spelled in pieces, so that this file passes its own tests.
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/")
REGISTRY = re.compile(
    r"(?:index-url|registry) *[=:] *.?https?:|https?://[^ \"]+\.(?:whl|tar\.gz|tgz)\b"
    r"|pypi\.or" + r"g|pythonhosted\.or" + r"g|registry\.npmjs|deb\.debia" + r"n"
)
HEAVY = ("pandas", "numpy", "scipy", "sklearn", "lightgbm", "mlflow", "numba", "matplotlib")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_file_names_a_path_of_one_machine() -> None:
    assert places_of(MACHINE_PATH) == []


def test_no_file_names_a_package_registry() -> None:
    assert places_of(REGISTRY) == []


def test_no_file_is_large() -> None:
    large = [relative(path) for path in repository_files() if path.stat().st_size > LARGEST]

    assert large == []


def test_every_locked_package_has_one_version_and_a_hash() -> None:
    unpinned = [entry.split("\n")[0] for entry in locked() if not is_pinned(entry)]

    assert locked()
    assert unpinned == []


def test_the_lock_names_no_host() -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|--trusted-host", LOCK) == []


def test_every_dependency_is_locked() -> None:
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    held = {canonical(entry) for entry in locked()}

    assert [line for line in wanted if canonical(line) not in held] == [], "run `make lock`"


def test_the_licence_is_here_and_is_the_one_named() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("name", ["detector", "detector.cli"])
def test_importing_loads_no_heavy_library(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} does not exist yet")

    assert loaded_by(name) == []


def test_the_command_answers_for_help() -> None:
    command = Path(sys.executable).with_name("simvigia")
    if importlib.util.find_spec("detector.cli") is None or not command.exists():
        pytest.skip("the command simvigia is not installed beside this Python")
    answer = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert "Usage" in answer.stdout


def test_repetition_counts_have_one_place() -> None:
    elsewhere = [
        relative(path)
        for path in repository_files()
        if path.suffix == ".py" and path.name != "conftest.py" and path != Path(__file__)
        if re.search(r"\bmax_examples *=", path.read_text(encoding="utf-8"))
    ]

    assert elsewhere == [], "use SIMVIGIA_EXAMPLES, read in tests/conftest.py"


@pytest.mark.parametrize(
    "text", ["x = '/wo" + "rk/main/a'", "cd /ro" + "ot/.cache", "/ho" + "me/ana/b"]
)
def test_a_path_of_one_machine_is_seen(text: str) -> None:
    assert MACHINE_PATH.search(text)


@pytest.mark.parametrize("text", ["docs/home/a.md", "https://example.org/work/1", "network/root"])
def test_another_path_is_left_alone(text: str) -> None:
    assert not MACHINE_PATH.search(text)


@pytest.mark.parametrize("entry", ["a==1", "a>=1 --hash=sha256:" + "0" * 64, "a==1 --hash=md5:0"])
def test_a_package_without_version_or_hash_is_seen(entry: str) -> None:
    assert not is_pinned(entry)


def places_of(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{relative(path)}:{number}"
        for path in repository_files()
        for number, line in enumerate(text_lines(path), start=1)
        if pattern.search(line)
    ]


def text_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def locked() -> list[str]:
    """The lock's entries: a package each, with its hashes."""
    return [entry for entry in re.split(r"\n(?=\S)", LOCK) if entry.strip() and entry[0] != "#"]


def is_pinned(entry: str) -> bool:
    return bool(re.match(r"[\w.-]+(\[[\w,-]+\])?==\S+", entry)) and bool(
        re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)
    )


def canonical(line: str) -> str:
    """A requirement's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0]).lower()


def loaded_by(name: str) -> list[str]:
    """Which heavy libraries a new interpreter holds after importing `name`."""
    code = f"import sys, {name}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()
