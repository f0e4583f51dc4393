"""The published document: current, OpenAPI 3.0.3, with the ingredients that CAMARA's ruleset looks for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from serve.correlator import PATTERN
from serve.naming import SCOPES
from serve.openapi import text
from tests.architecture.source import ROOT
from tests.serve.counter import application

PUBLISHED = ROOT / "docs/openapi/registration-risk.yaml"
DOCUMENT: dict[str, Any] = application().openapi()
OPERATIONS = [
    (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]
MANDATORY = (
    "authorization-and-authentication",
    "additional-error-responses",
    "request-body-strictness",
)


def nodes(node: Any = DOCUMENT) -> Iterator[dict[str, Any]]:
    """Every mapping of the document."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    if isinstance(node, list):
        for value in node:
            yield from nodes(value)


def properties() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, held in schema.get("properties", {}).items():
            yield f"{name}.{field}", held


def test_the_published_document_is_current() -> None:
    assert PUBLISHED.read_text("utf-8") == text(), "write serve.openapi.text()"
    assert yaml.safe_load(text()) == DOCUMENT


def test_the_published_text_reads_back_as_the_document() -> None:
    assert yaml.safe_load(text(DOCUMENT)) == DOCUMENT


def test_numbers_that_are_text_are_quoted_for_every_reader_of_yaml() -> None:
    assert "'09015'" in text(DOCUMENT)
    assert not re.search(r": 0\d+$", text(DOCUMENT), re.M)


def test_version_licence_and_server_have_camaras_form() -> None:
    info = DOCUMENT["info"]

    assert DOCUMENT["openapi"] == "3.0.3"
    assert "API" not in info["title"]
    assert info["license"]["name"] == "Apache 2.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["x-camara-commonalities"])
    assert not {"contact", "termsOfService"} & set(info)
    assert DOCUMENT["servers"][0]["url"] == f"{{apiRoot}}/registration-risk/v{info['version']}"


@pytest.mark.parametrize("name", MANDATORY)
def test_the_mandatory_sections_are_there(name: str) -> None:
    between = rf"<!-- CAMARA:MANDATORY:{name}:BEGIN -->\n(.+)\n<!-- CAMARA:MANDATORY:{name}:END -->"

    assert re.search(between, DOCUMENT["info"]["description"], re.S)


def test_no_word_of_a_later_openapi_is_left() -> None:
    later = {"const", "exclusiveMinimum", "exclusiveMaximum", "$defs", "prefixItems", "title"}
    found = [node for node in nodes() if later & set(node) and node is not DOCUMENT["info"]]

    assert found == []
    assert [node for node in nodes() if node.get("type") == "null"] == []
    assert [node for node in nodes() if "$ref" in node and len(node) > 1] == []


def test_every_operation_is_named_described_and_guarded_by_a_scope_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert len(set(names)) == len(names)
    for _, _, operation in OPERATIONS:
        assert re.fullmatch("[a-z][A-Za-z]+", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert len(operation["tags"]) == 1
        (scope,) = operation["security"][0]["openId"]
        assert scope in SCOPES


def test_paths_are_kebab_case_without_anybodys_number() -> None:
    for path, _, operation in OPERATIONS:
        assert re.fullmatch(r"(/[a-z]+(-[a-z]+)*|/\{[a-z]+Id\})+", path)
        assert path.count("/") <= 2
        named = [one.get("name", "") for one in operation["parameters"]]
        assert not {"phoneNumber", "identityValue"} & set(named)


def test_every_operation_and_every_answer_has_the_correlator() -> None:
    assert DOCUMENT["components"]["parameters"]["x-correlator"]["schema"]["pattern"] == PATTERN
    for _, _, operation in OPERATIONS:
        assert {"$ref": "#/components/parameters/x-correlator"} in operation["parameters"]
        for answer in operation["responses"].values():
            held = DOCUMENT["components"]["responses"].get(answer.get("$ref", "/").split("/")[-1])
            assert "x-correlator" in (held or answer)["headers"]


def test_every_operation_documents_who_is_refused_and_when_to_come_back() -> None:
    for _, _, operation in OPERATIONS:
        assert {"401", "403", "429", "500", "503"} <= set(operation["responses"])
        assert "422" not in operation["responses"]


def test_errors_narrow_status_and_code_and_show_an_example() -> None:
    for answer in DOCUMENT["components"]["responses"].values():
        content = answer["content"]["application/json"]
        narrowed = content["schema"]["allOf"][1]["properties"]
        (example,) = content["examples"].values()
        assert narrowed["status"]["enum"] == [example["value"]["status"]]
        assert narrowed["code"]["enum"] == [example["value"]["code"]]


def test_every_schema_and_property_is_described_and_typed() -> None:
    lacking = [name for name, held in properties() if not held.get("description") and len(held) > 1]
    lacking += [
        name for name, held in DOCUMENT["components"]["schemas"].items() if not held["description"]
    ]

    assert lacking == []


def test_every_string_integer_and_array_has_limits() -> None:
    for node in nodes():
        kind = node.get("type")
        if kind == "string" and "enum" not in node:
            assert "maxLength" in node, node
            assert "pattern" in node or "format" in node, node
        if kind == "integer":
            assert {"format", "minimum", "maximum"} <= set(node), node
            assert node["maximum"] < 2**53
        if kind == "array":
            assert {"maxItems", "items"} <= set(node), node


def test_every_time_says_how_it_is_written() -> None:
    times = [held for _, held in properties() if held.get("format") == "date-time"]

    assert times
    assert all("RFC 3339" in held["description"] for held in times)
    assert all("time zone" in held["description"] for held in times)


def test_every_tag_is_described_and_in_title_case() -> None:
    used = {tag for _, _, operation in OPERATIONS for tag in operation["tags"]}

    assert {tag["name"] for tag in DOCUMENT["tags"]} == used
    assert all(tag["description"] and tag["name"].istitle() for tag in DOCUMENT["tags"])


def test_bodies_take_no_unknown_property() -> None:
    bodies = [
        DOCUMENT["components"]["schemas"][name]
        for name in ("RegistrationQuestion", "BulkQuestion", "LineEventReport", "OutcomeReport")
    ]

    assert all(body["additionalProperties"] is False for body in bodies)
