"""How big things are. The figures are printed at the end of the run; only the hard limits fail."""

import ast
from collections.abc import Callable
from statistics import median, quantiles

import pytest

from tests.architecture.source import PACKAGES, Function, Module, module, modules

BODY_LIMIT = 60
FILE_LIMIT = 400
DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@pytest.mark.parametrize("package", PACKAGES)
def test_figures_are_printed(package: str, figure: Callable[[str], None]) -> None:
    sources = modules(package)
    functions = [each for source in sources for each in source.functions()]
    public = [node for source in sources for node in public_definitions(source)]

    figure(f"{package}: {len(sources)} files, {len(functions)} functions")
    figure(
        f"  function body   {spread([body_lines(each) for each in functions])} (want <=8, <=30, 60)"
    )
    figure(
        f"  file            {spread([file_lines(each) for each in sources])} (want <=130, , 400)"
    )
    figure(f"  positional      {spread([positional(each) for each in functions])} (want , , 3)")
    figure(f"  public docstrings {share([bool(ast.get_docstring(node)) for node in public])}")
    figure(f"  test lines per source line {lines_of_test_per_line(package):.2f} (want >=1)")


def test_no_function_body_is_over_the_limit() -> None:
    long = [
        f"{source.at(each.lineno)} {each.name}: {body_lines(each)} lines"
        for source in modules(*PACKAGES, "tests", "benchmarks")
        for each in source.functions()
        if body_lines(each) > BODY_LIMIT
    ]

    assert long == [], "give a part of it a name"


def test_no_file_is_over_the_limit() -> None:
    everything = modules(*PACKAGES, "tests", "benchmarks")
    long = [f"{s.at(1)} {file_lines(s)} lines" for s in everything if file_lines(s) > FILE_LIMIT]

    assert long == [], "split it by what changes together"


def test_every_module_says_what_it_is() -> None:
    silent = [source.at(1) for source in modules(*PACKAGES) if not ast.get_docstring(source.tree)]

    assert silent == [], "begin the file with one sentence on what it is"


def test_a_docstring_is_not_part_of_the_body() -> None:
    source = module(
        "detector.made_up", 'def two():\n    """Long\n    words."""\n    a = 1\n    return a\n'
    )

    assert [body_lines(each) for each in source.functions()] == [2]


def test_keyword_only_parameters_and_self_are_not_positional() -> None:
    source = module("detector.made_up", "class A:\n    def f(self, a, b, *, c): ...\n")

    assert [positional(each) for each in source.functions()] == [2]


def body_lines(function: Function) -> int:
    """Lines of a function minus its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def file_lines(source: Module) -> int:
    return source.text.count("\n")


def positional(function: Function) -> int:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len([name for name in names if name not in ("self", "cls")])


def public_definitions(source: Module) -> list[ast.AST]:
    """Classes, functions and methods that a caller from elsewhere may use."""
    top = [node for node in source.tree.body if isinstance(node, DOCUMENTED)]
    inner = [
        node
        for outer in top
        if isinstance(outer, ast.ClassDef)
        for node in outer.body
        if isinstance(node, DOCUMENTED)
    ]
    return [node for node in (*top, *inner) if not node.name.startswith("_")]


def lines_of_test_per_line(package: str) -> float:
    source = sum(code_lines(each) for each in modules(package))
    return sum(code_lines(each) for each in modules("tests")) / source if source else 0.0


def code_lines(source: Module) -> int:
    lines = (line.strip() for line in source.text.splitlines())
    return sum(1 for line in lines if line and not line.startswith("#"))


def spread(values: list[int]) -> str:
    if len(values) < 2:
        return f"{values}"
    return f"median {median(values):.0f}, p90 {quantiles(values, n=10)[-1]:.0f}, max {max(values)}"


def share(held: list[bool]) -> str:
    return f"{sum(held)} of {len(held)}"
