"""The web component at its two addresses, and a page that shows it under a strict policy.

The component's file is public: any page may load it and check its integrity. What it asks for is
the API's to allow. Not covered: the component itself (`static/widget.js`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from ladder_qa.web import widget
from ladder_qa.web.pages.demo import POLICY, demo_page
from ladder_qa.web.problems import Problem
from ladder_qa.web.widget import Widget

router = APIRouter(include_in_schema=False)

_SHORT = "max-age=300"  # seconds until a page without a version takes up a new one
_FOR_GOOD = "max-age=31536000, immutable"


@router.get("/widget.js")
async def newest(request: Request) -> Response:
    """This package's version, whichever that is."""
    return _file(request, widget.current(), _SHORT)


@router.get("/widget/{version}.js")
def version(request: Request, version: str) -> Response:
    """One version for good, this package's or an older one that was served from here."""
    found = widget.find(request.app.state.data_folder, version)
    if found is None:
        raise Problem("not-found")
    return _file(request, found, _FOR_GOOD)


@router.get("/demo")
async def demo() -> Response:
    """A page such as an intranet's, with the component in its three modes."""
    return HTMLResponse(demo_page(), headers={"Content-Security-Policy": POLICY})


def _file(request: Request, found: Widget, age: str) -> Response:
    compressed = _takes_gzip(request.headers.get("accept-encoding", ""))
    tag = f'"{found.version}{"-gzip" if compressed else ""}"'
    headers = {
        "Cache-Control": f"public, {age}",
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    data = found.gzipped if compressed else found.data
    return Response(data, media_type="text/javascript; charset=utf-8", headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether the header names gzip without forbidding it (`;q=0`)."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0.") != "q="
    return False
