"""The names by which this server is asked, read from the header `Host`.

A page of anybody's can give its own name the address of this machine (DNS rebinding) and then ask
as if it were a page of this server. Its requests still carry its name, which is not one of ours.
Not covered: who asks (`auth`), which pages of other origins may call (`middleware`).
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from ladder_qa.web.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Scope

    from ladder_qa.settings import Settings

# A host and perhaps a port (RFC 9110, section 7.2); a name may end in the dot of the root.
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{0,5})?", re.IGNORECASE)
_LOCAL = re.compile(r"(?:.*\.)?localhost")  # RFC 6761: no name server answers for these


def is_checked(settings: Settings) -> bool:
    """Whether these settings let in requests of known names only.

    Without sign-in on loopback always; else where names are listed, for a request from elsewhere
    carries no token, and does not come through the proxy.
    """
    return settings.auth == "none" or bool(settings.allowed_hosts)


class Hosts:
    """Loopback's own names and those of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._checked = is_checked(settings)
        self._names = frozenset(settings.allowed_hosts)

    def check(self, scope: Scope) -> None:
        """Raises Problem (421) for a request that names another host, or none, or two."""
        if self._checked and not self._is_known(scope):
            raise Problem("unknown-host")

    def _is_known(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name.lower() == b"host"]
        found = _HOST.fullmatch(given[0].strip().decode("latin-1")) if len(given) == 1 else None
        if found is None:
            return False
        name = found[1].casefold()
        return name in self._names or bool(_LOCAL.fullmatch(name)) or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
