"""A gateway of one's own: started, shared, and ended with the process."""

import os
import subprocess
import sys

import psycopg
import pytest

from sqlalchemy_pingone import dbapi, private
from sqlalchemy_pingone.properties import named

pytestmark = pytest.mark.usefixtures("nobody_listens")


def test_statements_run_on_a_private_gateway(demo) -> None:
    with dbapi.connect(**demo.properties) as connection:
        assert connection.execute("SELECT count(*) FROM Users").fetchone() == (300,)
    first = list(private._running.values())
    with dbapi.connect(**demo.properties) as connection:
        connection.execute("SELECT 1")
    assert list(private._running.values()) == first, "one gateway serves all connections"
    assert os.stat(first[0].folder).st_mode & 0o077 == 0


def test_a_private_gateway_that_was_killed_is_replaced(demo) -> None:
    properties = {**demo.properties, "Verbosity": "2"}  # one of its own
    with dbapi.connect(**properties):
        pass
    killed = private._running[(demo.program, named(properties.items()).connection_string())]
    killed._process.kill()
    killed._process.wait()
    with dbapi.connect(**properties) as connection:
        assert connection.execute("SELECT count(*) FROM Users").fetchone() == (300,)
    assert not os.path.exists(killed.folder)


def test_it_ends_with_its_process(demo) -> None:
    text = (
        "import os, sqlalchemy_pingone.target as t, sqlalchemy_pingone.dbapi as p\n"
        "t._listens = lambda *_: False\n"
        f"p.connect(**{demo.properties!r})\n"
        "from sqlalchemy_pingone import private\n"
        "print(*(g._process.pid for g in private._running.values()), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == -9, run.stderr
    pid = int(run.stdout)
    descriptor = os.pidfd_open(pid) if _there(pid) else None
    if descriptor is not None:  # it is on its way out: wait for the end itself
        import select

        assert select.select([descriptor], [], [], 60)[0], "the gateway outlived its program"
        os.close(descriptor)


def _there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_the_gateway_refuses_is_told(demo) -> None:
    with pytest.raises(psycopg.InterfaceError, match='"XX" is not a value'):
        dbapi.connect(**{**demo.properties, "Region": "XX"})
    with pytest.raises(psycopg.InterfaceError, match="Gateway=/nowhere is not a program"):
        dbapi.connect(**{**demo.properties, "Gateway": "/nowhere"})


def test_the_gateway_of_this_machine_must_be_the_right_one(demo, monkeypatch) -> None:
    port = int(demo.postgres.rpartition(":")[2])
    monkeypatch.setattr("sqlalchemy_pingone.target._listens", lambda *_: True)
    monkeypatch.setattr("sqlalchemy_pingone.target.DEFAULT_HOST", "127.0.0.1")
    monkeypatch.setattr("sqlalchemy_pingone.target.DEFAULT_PORT", port)
    with dbapi.connect(**demo.properties) as connection:
        assert connection.execute("SELECT count(*) FROM Users").fetchone() == (300,)
    other = {**demo.properties, "WorkerAppEnvironmentId": "7f6fb6a9-0e6d-4b13-9f5c-1d6a0d6d2b11"}
    with pytest.raises(psycopg.InterfaceError, match="another WorkerAppEnvironmentId"):
        dbapi.connect(**other)


def test_without_a_program_there_is_a_remedy(demo, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    properties = {k: v for k, v in demo.properties.items() if k != "Gateway"}
    with pytest.raises(psycopg.InterfaceError, match="Server=host:port"):
        dbapi.connect(**properties)
