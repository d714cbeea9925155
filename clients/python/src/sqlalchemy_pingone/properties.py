"""Connection properties, by the names that the commercial connector uses.

They come from the query of an address, ``pingone:///?AuthScheme=OAuth&Region=NA``, or
from a connection string, ``AuthScheme=OAuth;Region=NA``. Letter case is free; a name
that nobody knows is an error that tells the nearest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

#: What the gateway is told about PingOne. ``docs/configuration.md`` describes each.
GATEWAY = (
    "AuthScheme",
    "Region",
    "WorkerAppEnvironmentId",
    "AuthorizationServerURL",
    "ApiUrl",
    "DaVinciApiUrl",
    "AllowPlainHTTP",
    "OAuthClientId",
    "OAuthClientSecret",
    "TokenEndpointAuthMethod",
    "OAuthPrivateKey",
    "OAuthPrivateKeyId",
    "InitiateOAuth",
    "OAuthAccessToken",
    "OAuthRefreshToken",
    "OAuthExpiresIn",
    "OAuthTokenTimestamp",
    "OAuthVerifier",
    "OAuthSettingsLocation",
    "CallbackURL",
    "Schema",
    "BrowsableSchemas",
    "Tables",
    "Views",
    "UserDefinedViews",
    "ListFormat",
    "Readonly",
    "AllowSchemaDelete",
    "SkipForbiddenEnvironments",
    "ShowFlowGraph",
    "PushUnconfirmed",
    "PseudoColumns",
    "Pagesize",
    "MaxRows",
    "Timeout",
    "BatchSize",
    "MaxParallel",
    "MaxFanout",
    "MaxAffectedRows",
    "RateShare",
    "ActivityDays",
    "MetricsDays",
    "SchemaTTL",
    "Compression",
    "SSLServerCert",
    "ProxyServer",
    "ProxyPort",
    "ProxyUser",
    "ProxyPassword",
    "ProxyExceptions",
    "Logfile",
    "Verbosity",
)

#: What this package itself takes.
CLIENT = {
    "Server": "host and port of a running gateway, or the folder of its socket",
    "Database": "connection, or connection.schema, on that gateway",
    "User": "user name; anything where the password is an API key",
    "Password": "API key, or the password of the user",
    "SSLMode": "disable, prefer, require, verify-ca or verify-full",
    "SSLRootCert": "file with the certificates to trust",
    "Gateway": "file of the gateway's program, for a private one",
    "GatewayLog": "file for the log of a private gateway",
    "ConnectTimeout": "seconds to wait for the gateway",
}

_SECRET = ("secret", "password", "token", "privatekey", "verifier")


class PropertyError(ValueError):
    """A connection property that can't be used, with what to write instead."""


@dataclass
class Properties:
    """The properties of one connection, those of the gateway and those for this package."""

    gateway: dict[str, str] = field(default_factory=dict)
    client: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        shown = {k: "***" if _secret(k) else v for k, v in {**self.client, **self.gateway}.items()}
        return f"Properties({shown})"

    def connection_string(self) -> str:
        """The gateway's properties as it takes them from ``GATEWAY_CONNECTION``."""
        return ";".join(f"{name}={_quoted(value)}" for name, value in self.gateway.items())


def named(pairs: Iterable[tuple[str, str]]) -> Properties:
    """Sort properties by who takes them.

    Raises PropertyError for names that nobody knows and for names given twice.
    """
    known = {name.lower(): name for name in (*GATEWAY, *CLIENT)}
    found = Properties()
    for name, value in pairs:
        canonical = known.get(name.strip().lower().replace("_", "").replace(" ", ""))
        if canonical is None:
            near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
            hint = f" Did you mean {known[near[0]]}?" if near else ""
            raise PropertyError(f"{name!r} is not a connection property.{hint}")
        target = found.client if canonical in CLIENT else found.gateway
        if canonical in target:
            raise PropertyError(f"{canonical} is given twice.")
        target[canonical] = value
    return found


def parse(text: str) -> Properties:
    """Read a connection string: ``Name=value`` parts between semicolons.

    A value with semicolons or spaces at its ends stands in single or double quotes; a
    quote inside is doubled. Raises PropertyError with the place of what is wrong.
    """
    return named(pairs(text))


def pairs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        if text[at] == ";" or text[at].isspace():
            at += 1
            continue
        equals = text.find("=", at)
        end = text.find(";", at)
        if equals < 0 or 0 <= end < equals:
            word = text[at : end if end >= 0 else len(text)].strip()
            shown = "" if _secret(word) else f" {word!r}"
            raise PropertyError(
                f"A connection string is Name=value;…; the part{shown} at {at + 1} has no '='."
            )
        name, at = text[at:equals].strip(), equals + 1
        while at < len(text) and text[at].isspace():
            at += 1
        if at < len(text) and text[at] in "'\"":
            value, at = _unquote(name, text, at)
        else:
            end = text.find(";", at)
            end = len(text) if end < 0 else end
            value, at = text[at:end].strip(), end
        yield name, value


def _unquote(name: str, text: str, at: int) -> tuple[str, int]:
    quote, value, at = text[at], [], at + 1
    while at < len(text):
        if text[at] != quote:
            value.append(text[at])
        elif text[at + 1 : at + 2] == quote:
            value.append(quote)
            at += 1
        else:
            rest = text[at + 1 :].lstrip()
            if rest and rest[0] != ";":
                raise PropertyError(f"A semicolon is missing after the value of {name}.")
            return "".join(value), at + 1
        at += 1
    raise PropertyError(f"The quote of the value of {name} does not end.")


def _quoted(value: str) -> str:
    if value == value.strip() and not any(c in value for c in ";'\""):
        return value
    return '"' + value.replace('"', '""') + '"'


def _secret(name: str) -> bool:
    return any(word in name.lower().replace("_", "") for word in _SECRET)
