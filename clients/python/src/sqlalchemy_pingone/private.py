"""A gateway for this process alone, on a socket that only its user can reach."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from .properties import Properties, PropertyError

_lock = threading.Lock()
_running: dict[tuple[str, str], PrivateGateway] = {}


class PrivateGateway:
    """The program ``gateway private``; it ends with this process."""

    def __init__(self, program: str, properties: Properties) -> None:
        self.folder = tempfile.mkdtemp(prefix="pingone-")
        log = properties.client.get("GatewayLog")
        with open(log, "ab") if log else tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                [program, "private", "--socket", self.folder],
                env={**os.environ, "GATEWAY_CONNECTION": properties.connection_string()},
                stdin=subprocess.PIPE,  # its end is the program's end, even if we are killed
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            try:
                self._await_ready()
            except PropertyError as e:
                self.stop()
                errors.seek(0) if not log else None
                said = "" if log else errors.read().decode(errors="replace").strip()
                raise PropertyError(said.splitlines()[-1] if said else str(e)) from None

    def _await_ready(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == "ready":
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return
            print(line, end="", file=sys.stderr)  # where to sign in
        raise PropertyError("The private gateway ended before it was ready.")

    def address(self) -> dict[str, Any]:
        """Host and port for psycopg."""
        return {"host": self.folder, "port": 5433}

    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End the program and remove its socket."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def find_program(name: str | None = None) -> str | None:
    """The gateway's program: the one named, the one in this package, or the one on the path.

    Raises PropertyError where the one named is not there.
    """
    if name is not None:
        found = shutil.which(name)
        if found is None:
            raise PropertyError(f"Gateway={name} is not a program.")
        return found
    carried = Path(__file__).with_name("bin") / ("gateway.exe" if os.name == "nt" else "gateway")
    return str(carried) if carried.is_file() else shutil.which("gateway")


def start(program: str, properties: Properties) -> PrivateGateway:
    """The private gateway for these properties; one serves all connections of a process.

    Raises PropertyError with what the program says where it can't start.
    """
    key = (program, properties.connection_string())
    with _lock:
        running = _running.get(key)
        if running is not None and running.alive():
            return running
        if running is not None:
            running.stop()
        _running[key] = PrivateGateway(program, properties)
        return _running[key]


@atexit.register
def _stop_all() -> None:
    for gateway in _running.values():
        gateway.stop()
