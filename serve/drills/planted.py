"""Twenty leaks as services have them, made on purpose: a search that misses one of them finds nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sqlite3
import tempfile
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

import httpx
import mlflow
import psycopg
from fastapi import FastAPI
from pydantic import BaseModel, Field, SecretStr, ValidationError

from serve.drills.real import core, postgres
from serve.drills.search import compressed

Plant = Callable[[str], bytes]


class Careless(BaseModel):
    """A body that hides nothing from its own complaints."""

    curp: str = Field(max_length=5)


class Secretive(BaseModel):
    """A body that believes a secret type is enough."""

    curp: SecretStr = Field(max_length=5)


def _answered(content: bytes, model: type[BaseModel]) -> bytes:
    """FastAPI's own answer to a body that is refused."""
    app = FastAPI()

    async def take(body: BaseModel) -> None: ...

    take.__annotations__["body"] = model
    app.post("/")(take)

    async def call() -> bytes:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://x.test"
        ) as http:
            json_ = {"content-type": "application/json"}
            return (await http.post("/", content=content, headers=json_)).content

    return asyncio.run(call())


def _complaint(value: str) -> bytes:
    try:
        Careless(curp=value)
    except ValidationError as fault:
        return str(fault).encode()
    return b""


def _traceback(value: str) -> bytes:
    def look_up(curp: str) -> None:
        raise RuntimeError(len(curp))

    try:
        look_up(value)
    except RuntimeError as fault:
        told = traceback.TracebackException.from_exception(fault, capture_locals=True)
        return "".join(told.format()).encode()
    return b""


@cache
def _failing(value: str) -> tuple[bytes, bytes]:
    """A row that a constraint refuses: what the server writes into its log, and what the driver says."""
    with tempfile.TemporaryDirectory() as folder:
        said, copied = b"", Path(folder) / "server"
        with postgres(copied) as url, psycopg.connect(url, autocommit=True) as own:
            own.execute("CREATE TABLE people (id INT, curp TEXT, name TEXT NOT NULL)")
            try:
                own.execute("INSERT INTO people VALUES (7, %s, NULL)", [value])
            except psycopg.errors.NotNullViolation as fault:
                said = str(fault).encode()
        logs = [p for p in copied.rglob("*") if p.is_file() and "log" in p.name]
        return b"".join(path.read_bytes() for path in logs), said


def _tagged(value: str) -> bytes:
    """MLflow's own store after a run with a tag that somebody found useful."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "mlflow.db"
        client = mlflow.MlflowClient(f"sqlite:///{store}")
        made = client.create_experiment("people", artifact_location=folder)
        run = client.create_run(made)
        client.set_tag(run.info.run_id, "person", value)
        client.set_terminated(run.info.run_id)
        return b"".join(path.read_bytes() for path in Path(folder).glob("mlflow.db*"))


def _table(content: object) -> bytes:
    own = sqlite3.connect(":memory:")
    own.execute("CREATE TABLE t (v)")
    own.execute("INSERT INTO t VALUES (?)", [content])
    own.commit()
    return own.serialize()


def _deleted(value: str) -> bytes:
    """A row that is gone from the table and not from its page."""
    own = sqlite3.connect(":memory:")
    own.execute("PRAGMA secure_delete = OFF")
    own.execute("CREATE TABLE t (v)")
    own.execute("INSERT INTO t VALUES (?)", [value])
    own.execute("DELETE FROM t")
    own.commit()
    return own.serialize()


def _body(value: str) -> bytes:
    return json.dumps({"curp": value}).encode()


PLANTS: Mapping[str, Plant] = {
    "422-default.json": lambda v: _answered(_body(v), Careless),
    "422-secret-type.json": lambda v: _answered(_body(v), Secretive),
    "422-missing-field.json": lambda v: _answered(json.dumps({"other": v}).encode(), Careless),
    "validation-error.log": _complaint,
    "driver-exception.log": lambda v: _failing(v)[1],
    "postgresql.log": lambda v: _failing(v)[0],
    "traceback.log": _traceback,
    "mlflow.db": _tagged,
    "core.4711": core,
    "access.log": lambda v: f"GET /people?{urlencode({'id': v})} 200".encode(),
    "service.log": lambda v: json.dumps({"event": "answered", "curp": v}).encode(),
    "service.log.1.gz": lambda v: compressed(json.dumps({"curp": v}).encode()),
    "metrics.txt": lambda v: f'requests_total{{subject="{v.lower()}"}} 1'.encode(),
    "store.db": _table,
    "deleted.db": _deleted,
    "hashed.db": lambda v: _table(hashlib.sha256(v.encode()).digest()),
    "md5.csv": lambda v: hashlib.md5(v.encode(), usedforsecurity=False).hexdigest().encode(),
    "basic.token": lambda v: base64.b64encode(b"id=" + v.encode() + b";"),
    "blob.hex": lambda v: b"\\x" + b"00" + v.encode().hex().encode(),
    "report.utf16": lambda v: f"CURP {v}".encode("utf-16"),
}


def plant(folder: Path, value: str) -> list[str]:
    """Write every leak below a folder; their names."""
    for name, made in PLANTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made(value))
    return list(PLANTS)
