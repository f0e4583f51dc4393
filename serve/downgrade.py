"""JSON Schema as Pydantic writes it (2020-12) in the dialect of OpenAPI 3.0.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIMITS = {"uuid": 36, "date-time": 64, "date": 10, "uri": 2048}  # characters of a format
MAPS = ("properties", "headers", "content", "examples", "callbacks", "schemas")


def schema(node: Any) -> Any:
    """A node of a 3.1 document, with all below it, as 3.0.3 has it."""
    if isinstance(node, list):
        return [schema(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    made = {name: _below(name, value) for name, value in node.items() if name != "title"}
    made = _without_null(made)
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    if made.get("type") == "string" and "enum" not in made:
        made.setdefault("maxLength", LIMITS.get(made.get("format", ""), 1024))
    return _apart(made)


def _below(name: str, value: Any) -> Any:
    """A value; in a mapping of names no name is a keyword."""
    if name in MAPS and isinstance(value, Mapping):
        return {key: schema(one) for key, one in value.items()}
    if name in ("example", "default", "enum", "const", "value"):
        return value
    return schema(value)


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    """`anyOf` of something and null is that something, `nullable`."""
    choices = node.get("anyOf", [])
    real = [one for one in choices if one.get("type") != "null"]
    if len(real) == len(choices):
        return node
    rest = {name: value for name, value in node.items() if name != "anyOf"}
    if rest.get("default", 0) is None:
        del rest["default"]
    if len(real) > 1:
        return rest | {"anyOf": real, "nullable": True}
    if "enum" in real[0]:
        real = [real[0] | {"enum": [*real[0]["enum"], None]}]
    only: dict[str, Any] = real[0]
    return only | rest | {"nullable": True}


def _apart(node: dict[str, Any]) -> dict[str, Any]:
    """In 3.0 nothing may stand beside `$ref`."""
    if "$ref" not in node or len(node) == 1:
        return node
    rest = {name: value for name, value in node.items() if name != "$ref"}
    return {"allOf": [{"$ref": node["$ref"]}], **rest}
