"""Listens on an address and serves the application there; loopback only unless told otherwise.

Not covered: the application itself (`app`); building the index beforehand (`cli`).
"""

from __future__ import annotations

import contextlib
import ipaddress
import math
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ladder_qa import values
from ladder_qa.errors import LadderError, SettingsError
from ladder_qa.settings import Settings

if TYPE_CHECKING:
    from ladder_qa.web.serving import Backend


# Answers made of quotes take a tenth of a second. Docker kills what has not ended after 10 s, and
# what is to be kept of answers is written after them.
ANSWERING_S = 7.0


class AddressError(LadderError):
    """The address to listen on cannot be had; the message names it and says why."""


@contextlib.contextmanager
def listen(settings: Settings, host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket, closed at the end.

    Raises SettingsError when LADDER_QA_AUTH is `none` and others could reach `host`; AddressError.
    """
    address = _address(host)
    if settings.auth == "none" and not address.is_loopback:
        raise SettingsError(
            f"LADDER_QA_AUTH has the value 'none', which listens on loopback only, not on {host!r}."
            " Allowed: --host 127.0.0.1, or LADDER_QA_AUTH=open to let everybody ask who reaches"
            " this address."
        )
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((str(address), port))
            opened.listen(1024)
        except OSError as error:
            reason = error.strerror or "not allowed"
            raise AddressError(f"Cannot listen on {host} port {port}: {reason}.") from error
        yield opened


def named(settings: Settings, host: str) -> Settings:
    """Settings by which a server on loopback is also asked by the name that it listens on."""
    if settings.auth != "none":
        return settings
    try:
        names = values.hosts((host,))
    except ValueError:  # an IPv6 address without brackets, which needs no name
        return settings
    return settings.with_changes(allowed_hosts=(*settings.allowed_hosts, *names))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The one address that is meant: names are looked up once, so that the check cannot differ."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
        return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    except (OSError, UnicodeError, IndexError, ValueError) as error:
        raise AddressError(
            f"Cannot listen on {host!r}: it is no address of this machine."
        ) from error


def run(
    settings: Settings,
    opened: socket.socket,
    say: Callable[[str], None] | None,
    backend: Backend | None = None,
) -> None:
    """Serves until a signal ends it. `say` gets one line for a person; None: the log alone."""
    import uvicorn  # noqa: PLC0415  (0.2 s, and only here)

    from ladder_qa.web.app import create_app, take_server_log  # noqa: PLC0415
    from ladder_qa.web.draining import DrainingServer  # noqa: PLC0415
    from ladder_qa.web.observe import make_logger  # noqa: PLC0415

    log = make_logger(settings.log_level)
    app = create_app(settings, backend, log=log)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # it would write whole addresses, and so questions
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=math.ceil(answering_s(settings)),
    )
    take_server_log(log)

    def leave() -> None:
        app.state.leaving = True

    url = _url(opened)
    log.info("listening", url=url)
    if say is not None:
        say(f"Answers questions at {url} (Ctrl-C ends it).")
    DrainingServer(config, leave, answering_s(settings)).run(sockets=[opened])
    log.info("ended", url=url)


def answering_s(settings: Settings) -> float:
    """Seconds in which every answer is given, so that a server that ends need not wait longer."""
    return ANSWERING_S if settings.llm == "none" else settings.llm_timeout_s + ANSWERING_S


def _url(opened: socket.socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
