"""Levels that are named by their place beside another one: "the rung below X", "one step up".

Not covered: levels named by code, title or abbreviation (`names`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ladder_qa.datamodels import Ladder
from ladder_qa.names import LevelNames

# Not "before" and "after": "at the next level before X" speaks of time.
_ABOVE = r"above|over|up from|higher than|up"
_BELOW = r"below|under|beneath|underneath|down from|lower than|down"
_PLACE = r"(?:level|rung|step|role|grade|rank|job|position|one|notch|stage|tier)"
_NEAR = (
    r"(?:(?:that|which|is|sits|comes|lies|right|directly|just|immediately|one|next|straight)\s+)*"
)
_BESIDE = re.compile(
    rf"\b(?:(?:the|a|one|next|single)\s+)*{_PLACE}\s+{_NEAR}"
    rf"(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW}))\s+(?:from\s+|than\s+)?(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
_BACK = re.compile(
    rf"\b(?:(?:the|a|one|next|single)\s+)*{_PLACE}\s+{_NEAR}"
    rf"(?:(?P<above>{_ABOVE})|(?P<below>{_BELOW}))"
    r"(?:\s+(?:from\s+|than\s+)?(?:there|that|this|it|them)\b|(?=\s*[?.!,;]|\s*$))",
    re.IGNORECASE,
)


class RelativeNames:
    """Puts codes in place of relative names; built once for a ladder."""

    def __init__(self, ladder: Ladder, names: LevelNames) -> None:
        self._ladder = ladder
        self._names = names

    def resolve(self, text: str) -> str:
        """`text` with the code where a level is named by its place beside a named one.

        What has no level on that side, or several, or is named anyway stays as it is.
        """
        mentions = self._names.find(text)
        named = {mention.code for mention in mentions}
        for mention in reversed(mentions):
            match = _BESIDE.search(text[: mention.start])
            code = self._beside(mention.code, above=bool(match["above"])) if match else None
            if match and code and code not in named:
                text = f"{text[: match.start()]}{_in_place(match, code)}{text[mention.end :]}"
        return text

    def resolve_from(self, text: str, levels: Sequence[str]) -> str:
        """The same for a place beside `levels`, which `text` does not name ("one step up").

        `levels` are one level, or the two of a move: then the move beside it is meant.
        """
        match = _BACK.search(text)
        if match is None or not levels:
            return text
        codes = [self._beside(level, above=bool(match["above"])) for level in levels]
        if None in codes:
            return text
        name = _in_place(match, " to ".join(str(code) for code in codes))
        return f"{text[: match.start()]}{name}{text[match.end() :]}"

    def _beside(self, code: str, *, above: bool) -> str | None:
        moves = self._ladder.transitions
        near = {t.target for t in moves if above and t.source == code}
        near |= {t.source for t in moves if not above and t.target == code}
        return near.pop() if len(near) == 1 else None


def _in_place(match: re.Match[str], name: str) -> str:
    """The name as it fits where a place was named: "one step up from X" is at a level."""
    adverb = re.search(r"\b(?:up|down)\b", match["above"] or match["below"], re.IGNORECASE)
    return f"at {name}" if adverb and " to " not in name else name
