"""The sign-in of ``InitiateOAuth=GETANDREFRESH``: a person's browser at PingOne's page."""

import fcntl
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")

pytestmark = [
    pytest.mark.usefixtures("nobody_listens"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
]

PASSWORD = "2FederateM0re!"  # of every user of the simulator
NATIVE = "b5773adb-b587-4112-8b00-3527f98759fc"  # its application that people sign in to


class Browser:
    """Chromium without a window, driven through its debugging pipe."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        commands, self._commands = os.pipe()
        answers, theirs = os.pipe()
        # The browser takes commands at descriptor 3 and answers at 4.
        ours = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10) for descriptor in (commands, theirs)]

        def place() -> None:
            os.dup2(ours[0], 3)
            os.dup2(ours[1], 4)

        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        self._process = subprocess.Popen(
            [CHROMIUM, *flags, "--remote-debugging-pipe", f"--user-data-dir={profile}"],
            pass_fds=(3, 4),
            preexec_fn=place,
            stderr=subprocess.DEVNULL,
        )
        for descriptor in (commands, theirs, *ours):
            os.close(descriptor)
        self._answers = os.fdopen(answers, "rb")
        self._count = 0
        self._session = ""

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Sends a command and gives its answer, which may come between events."""
        self._count += 1
        asked = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        os.write(self._commands, json.dumps(asked).encode() + b"\0")
        while True:
            said = b""
            while not said.endswith(b"\0"):
                byte = self._answers.read(1)
                assert byte, "the browser ended"
                said += byte
            answer = json.loads(said[:-1])
            if answer.get("id") == self._count:
                return answer

    def open(self, address: str) -> None:
        page = self.ask("Target.createTarget", url=address)["result"]["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["result"]["sessionId"]

    def run(self, script: str) -> Any:
        """What a script gives on the page; None while there is no page to run it on."""
        answer = self.ask("Runtime.evaluate", expression=script).get("result", {})
        return answer.get("result", {}).get("value")

    def wait_for(self, script: str) -> Any:
        while not (found := self.run(script)):
            time.sleep(0.05)
        return found

    def close(self) -> None:
        os.close(self._commands)
        self._process.kill()
        self._process.wait()
        self._answers.close()


def sign_in(opened: Path, profile: Path, seen: list[str]) -> None:
    """What the person does: waits for the page, fills it in, reads what comes."""
    with opened.open() as f:  # a pipe: it waits for the browser to be asked for
        address = f.readline().strip()
    browser = Browser(profile)
    try:
        browser.open(address)
        browser.wait_for("document.readyState == 'complete' && !!document.forms[0]")
        seen.append(browser.run("document.title"))
        browser.run(
            "document.getElementById('username').value = 'ada.admin';"
            f"document.getElementById('password').value = '{PASSWORD}';"
            "document.forms[0].querySelector('button').click()"
        )
        browser.wait_for("location.pathname == '/callback' && document.readyState == 'complete'")
        seen.append(browser.run("document.body.innerText"))
    finally:
        browser.close()


def test_a_person_signs_in_with_the_browser(demo, tmp_path: Path, monkeypatch) -> None:
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    desktop = tmp_path / "bin"
    desktop.mkdir()
    program = desktop / "xdg-open"
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{desktop}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    seen: list[str] = []
    person = threading.Thread(
        target=sign_in, args=(opened, tmp_path / "profile", seen), daemon=True
    )
    person.start()
    properties = {
        **demo.properties,
        "AuthScheme": "OAuth",
        "InitiateOAuth": "GETANDREFRESH",
        "OAuthClientId": NATIVE,
        "TokenEndpointAuthMethod": "NONE",
        "OAuthSettingsLocation": str(tmp_path / "OAuthSettings.txt"),
        "CallbackURL": "http://127.0.0.1:0/callback",
    }
    del properties["OAuthClientSecret"]
    engine = create_engine(URL.create("pingone", query=properties))
    contractors = text("SELECT count(*) FROM Users WHERE EmployeeType = 'Contractor'")
    with engine.connect() as connection:
        assert connection.execute(contractors).scalar_one() > 0
    engine.dispose()
    person.join()
    assert seen[0] == "Sign on" and len(seen) == 2
