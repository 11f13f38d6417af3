"""The snippets that bring the widget into other pages, with what those pages' policies must allow.

Everything is made of the server's address and this package's own file, so that it can be pasted as
it is. Not covered: who may then ask, which settings of the server decide.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ladder_qa.errors import SettingsError
from ladder_qa.web.widget import Widget, current

# An http(s) address without user name, query or fragment; a path is for a server behind a prefix.
_SERVER = re.compile(
    r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?)(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?"
)

_TEXT = """\
For the ladder's server at {server}, version {version} of the widget.

A plain page
------------
Where the widget is to stand (mode: inline, panel, launcher):

  <ladder-qa mode="launcher"{attribute}></ladder-qa>
  <script src="{server}{address}"
    integrity="{integrity}"
    crossorigin="anonymous" defer></script>

This address goes on giving these very bytes after an upgrade of the server, so that the page goes
on working; print the snippet again to take up a new version. {server}/widget.js
is always the newest, without `integrity`.

On the server, list the page's origin: LADDER_QA_ALLOWED_ORIGINS=https://intranet.example.com
(not needed where page and server have the same origin).

The page's Content-Security-Policy needs these sources, and neither 'unsafe-inline' nor a style
source; Trusted Types may be enforced:

  script-src {origin}
  connect-src {origin}

A server with LADDER_QA_AUTH=token: the page hands over a fresh token whenever it is asked for one,
in a script of its own; nothing secret stands in the page:

  document.querySelector("ladder-qa").tokenProvider =
    async ({{ refresh }}) => await myToken(refresh);

An iframe
---------
  <iframe src="{server}/embed" title="Ask the career ladder" width="100%" height="700"
    allow="clipboard-write" loading="lazy"></iframe>

On the server: LADDER_QA_FRAME_ANCESTORS=https://intranet.example.com
In the page's Content-Security-Policy: frame-src {origin}

SharePoint
----------
1. Site settings, HTML Field Security: allow iframes from {host}.
2. In the page, add the web part Embed and paste the iframe above.
3. On the server: LADDER_QA_FRAME_ANCESTORS=https://YOUR-TENANT.sharepoint.com

Confluence
----------
Cloud: type /iframe and enter {server}/embed
Data Center: use the macro HTML, where it is allowed, with the iframe above.
On the server: LADDER_QA_FRAME_ANCESTORS=https://YOUR-SITE.atlassian.net (or your own address).
"""


def snippets(server: str, widget: Widget | None = None) -> str:
    """What to paste, for a server at the address `server`. Raises SettingsError.

    `widget` is the version to name, by default this package's own.
    """
    given = server.strip().rstrip("/")
    scheme, divider, rest = given.partition("://")
    authority, slash, path = rest.partition("/")
    address = f"{scheme.casefold()}{divider}{authority.casefold()}{slash}{path}"
    if not _SERVER.fullmatch(address) or not _has_port(address):
        raise SettingsError(
            f"--server has the value {server!r}, which is not the address of a server. "
            "Allowed: an address such as https://ladder.example.com, without user name or query."
        )
    named = widget or current()
    parts = urlsplit(address)
    return _TEXT.format(
        server=address,
        origin=f"{parts.scheme}://{parts.netloc}",
        host=parts.netloc,
        # The widget knows the origin of its script, but not a prefix of the server's paths.
        attribute=f' server="{address}"' if parts.path else "",
        version=named.version,
        address=named.address,
        integrity=named.integrity,
    )


def _has_port(address: str) -> bool:
    """Whether the port, if there is one, is a port."""
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False
