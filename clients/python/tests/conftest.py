"""A demo to talk to: the gateway over a simulated PingOne of 300 users."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest


@dataclass
class Demo:
    postgres: str  # host:port
    api: str  # base address of the simulated PingOne
    program: str

    @property
    def properties(self) -> dict[str, str]:
        """What a gateway of one's own needs to reach the simulated PingOne."""
        root, _, environment = self.api.partition("/v1/environments/")
        return {
            "AuthScheme": "OAuthClient",
            "WorkerAppEnvironmentId": environment,
            "ApiUrl": root + "/v1",
            "AuthorizationServerURL": root,
            "OAuthClientId": "9bbb505e-98c3-4542-8d62-674d42a0c881",
            "OAuthClientSecret": "simulator-ca37983a-eee0-494e-b0b4-655982b54042",
            "Gateway": self.program,
        }


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    program = os.environ["PINGONE_GATEWAY_PROGRAM"]
    any_port = "127.0.0.1:0"
    process = subprocess.Popen(
        [program, "demo", "--users=300", f"--listen={any_port}", f"--admin={any_port}"]
        + [f"--simulator={any_port}", f"--postgres={any_port}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"postgresql://(\S+?)/", said), re.search(r"(http://\S+/v1/\S+)", said)
    assert found[0] and found[1], said
    yield Demo(found[0].group(1), found[1].group(1), program)
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """No gateway is at this machine's usual address, whatever runs there."""
    monkeypatch.setattr("sqlalchemy_pingone.target._listens", lambda *_: False)
