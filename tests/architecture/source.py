"""The project's own files as the architecture tests read them."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = tuple(name for name in ("detector", "serve") if (ROOT / name / "__init__.py").is_file())
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file: its dotted name, where it is, its text and its syntax tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def at(self, line: int) -> str:
        """The place a reader can jump to."""
        return f"{self.path.relative_to(ROOT)}:{line}"

    def functions(self) -> Iterator[Function]:
        """Every function, nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node


def module(name: str, text: str, path: Path | None = None) -> Module:
    """A module from its text; without a path, one made up for a test."""
    return Module(name, path or ROOT / (name.replace(".", "/") + ".py"), text, ast.parse(text))


def modules(*folders: str) -> list[Module]:
    """Every Python file under the folders, in order of name."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    return [module(_name(path), path.read_text(encoding="utf-8"), path) for path in paths]


def repository_files() -> list[Path]:
    """Every file that is, or would be, committed."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so its files cannot be listed")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = (ROOT / name for name in listing.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
