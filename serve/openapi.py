"""The published document: FastAPI's 3.1 output brought to OpenAPI 3.0.3 with CAMARA's ingredients.

What an operation takes and answers comes from its code; what CAMARA asks of every API (server, security,
correlator, error bodies) is added here, once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from fastapi import APIRouter, FastAPI

from serve import preface
from serve.correlator import HEADER, PATTERN
from serve.downgrade import schema
from serve.errors import CODES
from serve.naming import API_VERSION
from serve.preface import RISK, About

Document = dict[str, Any]
OUR_ERRORS = ("HTTPValidationError", "ValidationError")  # FastAPI's own, which we never send
CORRELATOR = {"$ref": f"#/components/headers/{HEADER}"}
METHODS = ("get", "post", "put", "patch", "delete")


def document(raw: Mapping[str, Any], about: About = RISK) -> Document:
    """The published document of one API, from what FastAPI's `openapi()` says."""
    paths = {
        path.removeprefix(about.base): {
            method: _operation(op, about.examples) for method, op in item.items()
        }
        for path, item in raw["paths"].items()
        if path.startswith(f"{about.base}/")
    }
    held = {**raw["components"]["schemas"], **about.schemas}.items()
    schemas = {name: schema(one) for name, one in held if name not in OUR_ERRORS}
    statuses = sorted({status for status in _statuses(paths) if int(status) >= 400})
    return {
        "openapi": "3.0.3",
        "info": preface.info(about),
        "externalDocs": preface.EXTERNAL,
        "servers": preface.servers(about),
        "tags": preface.tags(about, _tags(paths)),
        "paths": paths,
        "components": {
            "securitySchemes": {**preface.SECURITY, **about.security},
            "parameters": {HEADER: _correlator_parameter()},
            "headers": _headers(),
            "responses": {
                _error_name(status): _error_response(status, about.codes.get(status, ()))
                for status in statuses
            },
            "schemas": dict(sorted(_used(schemas, paths).items())),
        },
    }


def published(about: About, routers: Sequence[APIRouter]) -> Document:
    """The document of an API that consists of these routers."""
    app = FastAPI(title=about.title, version=API_VERSION)
    for router in routers:
        app.include_router(router)
    return document(app.openapi(), about)


def text(made: Document) -> str:
    """A document as YAML."""
    return yaml.dump(made, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Dumper(yaml.SafeDumper):
    """Quotes what another reader of YAML would take for a number: a place such as 09015."""


def _quoted(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "'" if value[:1].isdigit() else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _quoted)


def _operation(raw: Mapping[str, Any], examples: Mapping[str, Any]) -> Document:
    made = {
        name: raw[name]
        for name in ("operationId", "tags", "summary", "description", "security")
        if name in raw
    }
    parameters = [_parameter(one) for one in raw.get("parameters", ())]
    made["parameters"] = [{"$ref": f"#/components/parameters/{HEADER}"}, *parameters]
    if "requestBody" in raw:
        made["requestBody"] = _request(raw, examples.get(raw["operationId"]))
    if "callbacks" in raw:
        made["callbacks"] = schema(raw["callbacks"])
    made["responses"] = {
        status: _response(status, one, raw["operationId"])
        for status, one in sorted(raw["responses"].items())
        if status != "422" or "ErrorInfo" in str(one)
    }
    return made


def _parameter(raw: Mapping[str, Any]) -> Document:
    made: Document = schema({k: v for k, v in raw.items() if k != "schema"})
    return made | {"schema": schema(raw["schema"])}


def _request(raw: Mapping[str, Any], example: Document | None) -> Document:
    body: Document = schema(raw["requestBody"])
    body.setdefault("description", str(raw["summary"]))
    if example:
        body["content"]["application/json"]["examples"] = example
    return body


def _response(status: str, raw: Mapping[str, Any], operation: str) -> Document:
    if int(status) >= 400:
        return {"$ref": f"#/components/responses/{_error_name(status)}"}
    made: Document = schema(raw)
    headers = {HEADER: CORRELATOR} | made.get("headers", {})
    if status == "201":
        headers["Location"] = {"$ref": "#/components/headers/Location"}
    made["headers"] = headers
    if set(made.get("content", {})) > {"application/x-ndjson"}:
        kept = made["content"].pop("application/json")
        made["content"]["application/x-ndjson"] = kept
    return made


def _error_name(status: str) -> str:
    return "Error" + status


def _error_response(status: str, more: Sequence[str]) -> Document:
    code, message = CODES[int(status)]
    headers = {HEADER: CORRELATOR}
    if status in ("429", "503"):
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    narrowed = {
        "type": "object",
        "properties": {
            "status": {
                "type": "integer",
                "format": "int32",
                "minimum": 400,
                "maximum": 599,
                "enum": [int(status)],
                "description": "The HTTP status",
            },
            "code": {
                "type": "string",
                "enum": [code, *more],
                "description": "What kind of fault it is",
            },
        },
    }
    return {
        "description": message,
        "headers": headers,
        "content": {
            "application/json": {
                "schema": {"allOf": [{"$ref": "#/components/schemas/ErrorInfo"}, narrowed]},
                "examples": {
                    re.sub(r"\W", "_", code): {
                        "summary": message,
                        "value": {"status": int(status), "code": code, "message": message},
                    }
                },
            }
        },
    }


def _correlator_parameter() -> Document:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "The caller's own name of this exchange; it comes back in the answer",
        "schema": _correlator_schema(),
    }


def _correlator_schema() -> Document:
    return {
        "type": "string",
        "pattern": PATTERN,
        "maxLength": 256,
        "description": "A name of an exchange; a UUID does well",
        "example": "b4333c46-49c0-4f62-80d7-f0ef930f1c46",
    }


def _headers() -> Document:
    seconds = {"type": "integer", "format": "int32", "minimum": 0, "maximum": 86_400}
    place = {"type": "string", "pattern": "^/[!-~]*$", "maxLength": 512}
    return {
        HEADER: {"description": "The name of this exchange", "schema": _correlator_schema()},
        "Location": {
            "description": "Where the assessment is read",
            "schema": place | {"description": "A path below the API's root"},
        },
        "Retry-After": {
            "description": "Seconds after which to try again",
            "schema": seconds | {"description": "Seconds"},
        },
    }


def _statuses(paths: Mapping[str, Any]) -> set[str]:
    return {
        status
        for item in paths.values()
        for method in METHODS
        for status in item.get(method, {}).get("responses", ())
    }


def _tags(paths: Mapping[str, Any]) -> list[str]:
    found = [
        tag
        for item in paths.values()
        for method in METHODS
        for tag in item.get(method, {}).get("tags", ())
    ]
    return list(dict.fromkeys(found))


def _used(schemas: Mapping[str, Any], paths: Mapping[str, Any]) -> Document:
    """The schemas that something refers to, directly or not."""
    wanted, waiting = {"ErrorInfo"}, [str(paths)]
    while waiting:
        names = set(re.findall(r"#/components/schemas/(\w+)", waiting.pop())) - wanted
        wanted |= names
        waiting += [str(schemas[name]) for name in names]
    return {name: one for name, one in schemas.items() if name in wanted}
