"""The published document: current, OpenAPI 3.0.3, with the ingredients that CAMARA's ruleset looks for."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from serve.api import subscriptions
from serve.correlator import PATTERN
from serve.documents import DOCUMENTS
from serve.naming import SCOPES
from serve.openapi import text
from tests.architecture.source import ROOT
from tests.serve.counter import application

FOLDER = ROOT / "docs/openapi"
SCOPES_OF = {"registration-risk": SCOPES, "registration-risk-subscriptions": subscriptions.SCOPES}
MADE = {name: make() for name, make in DOCUMENTS.items()}
Document = dict[str, Any]
MANDATORY = (
    "authorization-and-authentication",
    "additional-error-responses",
    "request-body-strictness",
)


@pytest.fixture(params=MADE)
def name(request: pytest.FixtureRequest) -> str:
    """The name of an API."""
    found: str = request.param
    return found


@pytest.fixture
def document(name: str) -> Document:
    """Its document."""
    return MADE[name]


def operations(document: Document) -> list[tuple[str, Document]]:
    return [(path, op) for path, item in document["paths"].items() for op in item.values()]


def nodes(node: Any) -> Iterator[Document]:
    """Every mapping of a document."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from nodes(value)
    if isinstance(node, list):
        for value in node:
            yield from nodes(value)


def properties(document: Document) -> Iterator[tuple[str, Document]]:
    for name, schema in document["components"]["schemas"].items():
        for field, held in schema.get("properties", {}).items():
            yield f"{name}.{field}", held


def test_the_published_document_is_current(name: str, document: Document) -> None:
    published = (FOLDER / f"{name}.yaml").read_text("utf-8")

    assert published == text(document), f"write simvigia openapi --api {name}"
    assert yaml.safe_load(published) == document


def test_the_service_itself_says_the_same() -> None:
    assert application().openapi() == MADE["registration-risk"]


def test_numbers_that_are_text_are_quoted_for_every_reader_of_yaml() -> None:
    written = text(MADE["registration-risk"])

    assert "'09015'" in written
    assert not re.search(r": 0\d+$", written, re.M)


def test_version_licence_and_server_have_camaras_form(name: str, document: Document) -> None:
    info = document["info"]

    assert document["openapi"] == "3.0.3"
    assert "API" not in info["title"]
    assert info["license"]["name"] == "Apache 2.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", info["x-camara-commonalities"])
    assert not {"contact", "termsOfService"} & set(info)
    assert document["servers"][0]["url"] == f"{{apiRoot}}/{name}/v{info['version']}"


@pytest.mark.parametrize("section", MANDATORY)
def test_the_mandatory_sections_are_there(section: str, document: Document) -> None:
    mark = f"CAMARA:MANDATORY:{section}"
    between = rf"<!-- {mark}:BEGIN -->\n(.+)\n<!-- {mark}:END -->"

    assert re.search(between, document["info"]["description"], re.S)


def test_no_word_of_a_later_openapi_is_left(document: Document) -> None:
    later = {"const", "exclusiveMinimum", "exclusiveMaximum", "$defs", "prefixItems", "title"}
    found = [node for node in nodes(document) if later & set(node) and node is not document["info"]]

    assert found == []
    assert [node for node in nodes(document) if node.get("type") == "null"] == []
    assert [node for node in nodes(document) if "$ref" in node and len(node) > 1] == []


def test_every_operation_is_named_described_and_guarded_by_a_scope_of_its_own(
    name: str, document: Document
) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]

    assert len(set(names)) == len(names)
    for _, operation in operations(document):
        assert re.fullmatch("[a-z][A-Za-z]+", operation["operationId"])
        assert operation["summary"]
        assert operation["description"]
        assert len(operation["tags"]) == 1
        (scope,) = operation["security"][0]["openId"]
        assert scope in SCOPES_OF[name]


def test_paths_are_kebab_case_without_anybodys_number(document: Document) -> None:
    for path, operation in operations(document):
        assert re.fullmatch(r"(/[a-z]+(-[a-z]+)*|/\{[a-z]+Id\})+", path)
        assert path.count("/") <= 2
        named = [one.get("name", "") for one in operation["parameters"]]
        assert not {"phoneNumber", "identityValue"} & set(named)


def test_every_operation_and_every_answer_has_the_correlator(document: Document) -> None:
    assert document["components"]["parameters"]["x-correlator"]["schema"]["pattern"] == PATTERN
    for _, operation in operations(document):
        assert {"$ref": "#/components/parameters/x-correlator"} in operation["parameters"]
        for answer in operation["responses"].values():
            held = document["components"]["responses"].get(answer.get("$ref", "/").split("/")[-1])
            assert "x-correlator" in (held or answer)["headers"]


def test_every_operation_documents_who_is_refused_and_when_to_come_back(document: Document) -> None:
    for _, operation in operations(document):
        assert {"401", "403", "429", "500", "503"} <= set(operation["responses"])
        assert "422" not in operation["responses"]


def test_errors_narrow_status_and_code_and_show_an_example(document: Document) -> None:
    for answer in document["components"]["responses"].values():
        content = answer["content"]["application/json"]
        narrowed = content["schema"]["allOf"][1]["properties"]
        (example,) = content["examples"].values()
        assert narrowed["status"]["enum"] == [example["value"]["status"]]
        assert narrowed["code"]["enum"][0] == example["value"]["code"]


def test_every_schema_and_property_is_described_and_typed(document: Document) -> None:
    lacking = [
        name for name, held in properties(document) if not held.get("description") and len(held) > 1
    ]
    lacking += [
        name for name, held in document["components"]["schemas"].items() if not held["description"]
    ]

    assert lacking == []


def test_every_string_integer_and_array_has_limits(document: Document) -> None:
    for node in nodes(document):
        kind = node.get("type")
        if kind == "string" and "enum" not in node:
            assert "maxLength" in node, node
            assert "pattern" in node or "format" in node, node
        if kind == "integer":
            assert {"format", "minimum", "maximum"} <= set(node), node
            assert node["maximum"] < 2**53
        if kind == "array":
            assert {"maxItems", "items"} <= set(node), node


def test_every_time_says_how_it_is_written(document: Document) -> None:
    times = [held for _, held in properties(document) if held.get("format") == "date-time"]

    assert times
    assert all("RFC 3339" in held["description"] for held in times)
    assert all("time zone" in held["description"] for held in times)


def test_every_tag_is_described_and_in_title_case(document: Document) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}

    assert {tag["name"] for tag in document["tags"]} == used
    assert all(tag["description"] and tag["name"].istitle() for tag in document["tags"])


def test_bodies_take_no_unknown_property(document: Document) -> None:
    schemas = document["components"]["schemas"]
    bodies = [schemas[name] for name in schemas if name.endswith(("Question", "Report"))]

    assert bodies
    assert all(body["additionalProperties"] is False for body in bodies)
