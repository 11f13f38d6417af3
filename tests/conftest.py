"""What all tests share: folders, the watch over the network, browser and widget, failing disks.

Not covered: fakes; each test module holds the ones it needs.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from browser import Watched
    from injected_faults import Ground, Workshop
    from widget_site import Hosted, Site

ROOT = Path(__file__).resolve().parents[1]

# Test data that is not part of the project lies in the folder that this variable names.
SHARED_VARIABLE = "SHARED"

_contacted: list[str] = []


def _is_local(host: object) -> bool:
    """Whether a host name or address is this machine; None and "" are its own addresses."""
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _watch_network(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): refuses every look-up and connection but those to this machine."""
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if not isinstance(address, tuple):  # a socket of the file system
            return
        host = address[0]
    else:
        return
    if not _is_local(host):
        _contacted.append(str(host))
        raise PermissionError(f"a test reached for {host!r}; the network is not to be used")


sys.addaudithook(_watch_network)


@pytest.fixture(autouse=True)
def no_network() -> Iterator[None]:
    """Fails a test during which this process reached for another machine, caught or not."""
    _contacted.clear()
    yield
    assert not _contacted, f"the test reached for {_contacted}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def corpus_folder() -> Path:
    """The five documents that come with the project; to be read, never written."""
    return ROOT / "corpus"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of test data that is not part of the project; skips where it is absent."""
    name = os.environ.get(SHARED_VARIABLE, "")
    folder = Path(name)
    if not name or not folder.is_dir():
        pytest.skip(f"{SHARED_VARIABLE} names no folder; this test reads data from there")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; skips where there is none.

    Not for the whole session: playwright keeps an event loop running, and other tests run theirs.
    """
    from browser import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def url(pytestconfig: pytest.Config, corpus_folder: Path) -> Iterator[str]:
    """The address of the real server over the five documents."""
    from served import assistant_for, listening, settings_for

    settings = settings_for(pytestconfig, corpus_folder)
    with listening(settings, assistant_for(pytestconfig, corpus_folder)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def ground(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """A data folder, and two states of one corpus of which its index may be."""
    from exported_model import cache_folder, exported_encoder
    from injected_faults import Ground

    encoder = exported_encoder(pytestconfig)
    models = cache_folder(pytestconfig).resolve() / "models"
    return Ground(tmp_path_factory.mktemp("ground"), encoder, models)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Runs command lines that are killed or whose disk fails; skips where it cannot be made."""
    from injected_faults import Workshop

    with Workshop(tmp_path_factory.mktemp("workshop")) as opened:
        yield opened


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Prints a line of figures although pytest keeps what tests print."""

    def print_line(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {line}\n")

    return print_line


@pytest.fixture(scope="module")
def hosted(browser: Browser) -> Iterator[Hosted]:
    """A host page with the widget, and an API that a test scripts."""
    from widget_site import hosting

    with hosting(browser) as opened:
        yield opened


@pytest.fixture
def site(hosted: Hosted) -> Site:
    """That API, as it is at first."""
    return hosted.anew()


@pytest.fixture
def opened(hosted: Hosted, site: Site) -> Watched:
    """The page of `site`, before anything was asked."""
    return hosted.loaded()
