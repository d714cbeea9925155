"""The words of connection strings and addresses."""

import re
from pathlib import Path

import pytest

from sqlalchemy_pingone import properties
from sqlalchemy_pingone.properties import PropertyError, named, parse
from sqlalchemy_pingone.target import server

REPOSITORY = Path(__file__).parents[3]


def test_the_gateway_knows_the_same_properties() -> None:
    page = (REPOSITORY / "docs/configuration.md").read_text()
    documented = re.findall(r"^### `connections\.\*\.\w+` \((\w+)\)", page, re.MULTILINE)
    assert sorted(documented) == sorted(properties.GATEWAY)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", {}),
        ("AuthScheme=OAuth", {"AuthScheme": "OAuth"}),
        ("authscheme = OAuth ; REGION=EU;", {"AuthScheme": "OAuth", "Region": "EU"}),
        ("auth_scheme=OAuth", {"AuthScheme": "OAuth"}),
        ("OAuthClientSecret='a;b'", {"OAuthClientSecret": "a;b"}),
        ('OAuthClientSecret="say ""it"" "', {"OAuthClientSecret": 'say "it" '}),
        ("OAuthClientSecret=", {"OAuthClientSecret": ""}),
        ("OAuthClientSecret=a=b", {"OAuthClientSecret": "a=b"}),
    ],
)
def test_connection_strings(text: str, want: dict[str, str]) -> None:
    assert parse(text).gateway == want
    assert parse(parse(text).connection_string()).gateway == want


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "AuthSchema=OAuth",
            r"'AuthSchema' is not a connection property. Did you mean AuthScheme\?",
        ),
        ("Flux=1", "'Flux' is not a connection property.$"),
        ("Region=NA;region=EU", "Region is given twice"),
        ("Region=NA;EU", "the part 'EU' at 11 has no '='"),
        ("OAuthClientSecret='a", "The quote of the value of OAuthClientSecret does not end"),
        ("Schema='a' b;Region=NA", "A semicolon is missing after the value of Schema"),
    ],
)
def test_what_is_wrong_with_a_connection_string(text: str, message: str) -> None:
    with pytest.raises(PropertyError, match=message):
        parse(text)


def test_secrets_are_not_shown() -> None:
    p = named([("OAuthClientSecret", "s3cret"), ("Password", "k3y"), ("Region", "EU")])
    assert "s3cret" not in repr(p) and "k3y" not in repr(p) and "EU" in repr(p)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("", ("localhost", 5433)),
        ("gw.example.org", ("gw.example.org", 5433)),
        ("gw.example.org:6000", ("gw.example.org", 6000)),
        ("[::1]:6000", ("::1", 6000)),
        ("[::1]", ("::1", 5433)),
        ("::1", ("::1", 5433)),
        ("/run/gateway", ("/run/gateway", 5433)),
    ],
)
def test_servers(text: str, want: tuple[str, int]) -> None:
    assert server(text) == want


@pytest.mark.parametrize("text", ["host:", "host:x", "host:70000", "host:0"])
def test_servers_that_are_none(text: str) -> None:
    with pytest.raises(PropertyError, match="is not a port"):
        server(text)
