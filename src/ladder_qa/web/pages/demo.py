"""A page such as an intranet's, with the web component in its three modes, to try and to copy from.

Its policy is as strict as a host page's can be: no inline script or style, Trusted Types enforced.
Not covered: the lines for other kinds of pages, which `ladder-qa embed` prints.
"""

from __future__ import annotations

from ladder_qa.web import widget
from ladder_qa.web.pages.layout import page
from ladder_qa.web.static import address

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def demo_page() -> str:
    """The page, whose own script writes down the component's events."""
    current = widget.current()
    return page(
        "The widget on a strict page",
        f"""<h1>The widget on a strict page</h1>
<p class="lead">This page stands for one of your intranet. Its content security policy allows no
inline script, no inline style and no other server, and enforces Trusted Types.</p>
<p class="note">One widget is below, in the page. A second waits behind the button in the corner,
a third behind the tab at the right edge.</p>
<ladder-qa mode="inline"></ladder-qa>
<h2>What the page is told</h2>
<p class="note">Events of all three widgets, and reports of the policy, the newest first.</p>
<ul id="events" class="index"></ul>
<ladder-qa mode="launcher"></ladder-qa>
<ladder-qa mode="panel"></ladder-qa>
<script src="{current.address}" integrity="{current.integrity}" crossorigin="anonymous" \
defer></script>
<script src="{address("demo.js")}" defer></script>""",
        here="/demo",
        kind="demo",
    )
