"""Which gateway a connection goes to: a running one, or a private one."""

from __future__ import annotations

import socket
import uuid
from typing import Any

import psycopg

from .private import find_program, start
from .properties import Properties, PropertyError

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 5433


def arguments(p: Properties) -> dict[str, Any]:
    """What psycopg needs to connect.

    ``Server`` names a running gateway. Without it the gateway of this machine is taken
    where one listens; else a private one is started, if properties say which PingOne
    it is for and its program is found. Raises PropertyError where none of it holds.
    """
    client = p.client
    out: dict[str, Any] = {
        "dbname": client.get("Database")
        or ".".join(filter(None, ["pingone", p.gateway.get("Schema")])),
        "user": client.get("User") or "pingone",
        "application_name": "sqlalchemy-pingone",
    }
    for name, key in (
        ("Password", "password"), ("SSLMode", "sslmode"),
        ("SSLRootCert", "sslrootcert"), ("ConnectTimeout", "connect_timeout"),
    ):  # fmt: skip
        if client.get(name):
            out[key] = client[name]
    host, port = server(client.get("Server", ""))
    if "Server" not in client and p.gateway and _listens(host, port):
        _same_pingone(p, {**out, "host": host, "port": port})
    elif "Server" not in client and p.gateway:
        program = find_program(client.get("Gateway"))
        if program is None:
            raise PropertyError(
                f"No gateway listens at {host}:{port}, and the program 'gateway' was not found. "
                "Start one, name a running one with Server=host:port, or install the program."
            )
        private = start(program, p)
        return {**out, **private.address(), "dbname": out["dbname"]}
    return {**out, "host": host, "port": port}


def server(text: str) -> tuple[str, int]:
    """Host and port of ``Server``: host, host:port, [v6]:port or the folder of a socket."""
    if text.startswith("/"):
        return text, DEFAULT_PORT
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]") or (text.count(":") > 1 and not text.startswith("[")):
        host, port = text, str(DEFAULT_PORT)
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise PropertyError(f"Server is host:port; {port!r} is not a port.")
    return host.strip("[]") or DEFAULT_HOST, int(port)


_checked: set[str] = set()


def _same_pingone(p: Properties, to: dict[str, Any]) -> None:
    """Refuse the gateway of this machine where it is for another PingOne than asked for.

    Gateways tell only administrators what they are for; others are not checked.
    """
    asked = {
        n: v
        for n in ("WorkerAppEnvironmentId", "OAuthClientId")
        if _is_id(v := p.gateway.get(n, ""))
    }
    key = f"{to['host']}:{to['port']} {to['dbname']} {sorted(asked.items())}"
    if not asked or key in _checked:
        return
    with psycopg.connect(autocommit=True, **to) as c:
        told = dict(c.execute("SELECT Name, Value FROM sys_connection_props").fetchall())
    for name, value in asked.items():
        if told.get(name) and str(told[name]).lower() != value.lower():
            raise PropertyError(
                f"The gateway at {to['host']}:{to['port']} has another {name} than {value}. "
                "Stop it, or name the right one with Server=host:port."
            )
    _checked.add(key)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
