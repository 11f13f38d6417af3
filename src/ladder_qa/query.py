"""A question and its history → Query: levels, move, form of answer, kinds of section, own words.

Levels are found by code, title or abbreviation in the ladder of the documents; what the question
leaves out is carried over from earlier turns of the person, never from the assistant's.
Not covered: what the documents say about it; `retrieve` looks for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ladder_qa.datamodels import Intent, Ladder, Query, Turn
from ladder_qa.index import tokens
from ladder_qa.languages import into_english, language_of
from ladder_qa.names import LevelNames, Mention
from ladder_qa.relative import RelativeNames
from ladder_qa.sentences import split_sentences
from ladder_qa.spelling import Speller
from ladder_qa.texts import check_history, check_question, cleaned
from ladder_qa.topics import is_listed, is_plain, topics_of_question, without_cues

LISTED_WORDS = {True: 5, False: 2}  # content words with which a kind of section is still a list
FEW_WORDS = 3  # content words beside a move that still ask for the move as a whole
CARRIED_CHARACTERS = 300  # of an earlier question in one that stands alone
SHORT_WORDS = 9  # a question of no more words may lean on the one before
SENTENCE_WORDS = 4  # a shorter sentence of a long question means little by itself
MAX_SENTENCES = 6

_COMPARE = re.compile(
    r"\b(?:vs?\.?|versus|compare[ds]?|comparing|comparison|differ(?!ently)\w*|distinguish\w*"
    r"|contrast\w*|separates?|sets? \w+ apart|side by side"
    r"|(?:longer|bigger|larger|more|wider|higher|further|earlier|later|harder) .{0,60}\bor\b"
    r"|unterschied\w*|vergleich\w*|diff[ée]ren\w*|compar\w*|diferen\w*)\b",
    re.IGNORECASE,
)
_MOVE = re.compile(
    r"\b(?:from|move|moving|go(?:ing)?|get(?:ting)?|promot\w*|transition\w*|become|becoming|reach"
    r"|until|before|step(?:ping)? up|make it|want\w*|aspir\w*|aim\w*|ready for|path|toward\w*|grow"
    r"|jump|next|guide|way|after|once|growing into|progress\w*|von|zum?|werden"
    r"|bef[öo]rder\w*|de|devenir|passer|pasar|llegar"
    r"|convertir\w*|ascen\w*)\b",
    re.IGNORECASE,
)
_TOWARD = re.compile(
    r"\b(?:promot\w+ (?:in)?to|become|becoming|get(?:ting)? to|reach\w*|ready for|move up to"
    r"|mov(?:e|ing) to|step(?:ping)? up to|transition(?:ing)? to|jump to|before|path to|road to"
    r"|way to|readiness for|qualify for|case for|packet for|zum?|devenir|ser|llegar a)\s+"
    r"(?:being\s+)?(?:an?\s+|the\s+|un\s+|une\s+|una\s+)?$",
    re.IGNORECASE,
)
_UPWARD = re.compile(
    r"\b(?:next level|promot\w+|move up|moving up|step up|level up|advance|get ahead|bef[öo]rder\w*"
    r"|promu|ascen\w+)\b",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"\b(?:next[ -]level|perform\w*|demonstrat\w*|show\w*|sustain\w*|impact|readiness|ready)\b",
    re.IGNORECASE,
)
_AT_LEVEL = re.compile(
    r"\b(?:for|at)\s+(?:an?\s+|the\s+)?\S+\W*$|(?<!next)[- ]level\b", re.IGNORECASE
)
_FIGURE = re.compile(
    r"\b(?:how (?:long|many|much|far|big|large|often|fast|soon|old)|what (?:percent|share"
    r"|proportion"
    r"|number|size|portion)\w*|percentage|number of|typical time|time ?(?:line|frame)"
    r"|duration|team size|head ?count|wie ?(?:lange"
    r"|viele?|weit|gro[ßs])"
    r"|combien|cu[áa]nt\w+|quel (?:pourcentage|horizon)|when (?:can|could|will|do|would))\b",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\b(?:what|which|how) ?%|\d\s*\+?\s*(?:years?|months?|%|percent)\b", re.IGNORECASE
)
# "How many of the managers are …" asks for a part of a whole, not for a number.
_SHARE = re.compile(
    r"\bhow many (?:out )?of (?:all |the |our |your )*(\w+) (are|have)\b(?! there)", re.IGNORECASE
)
_YES_NO = re.compile(
    r"^(?:so |and |but |ok,? |then )?(?:is|are|am|do|does|did|can|could|should|shall|will|would|has"
    r"|have|must|may|might|isn['’]t|aren['’]t|don['’]t|doesn['’]t|can['’]t|ist|sind|kann|muss|darf"
    r"|gibt|est-ce|peut|dois|faut|puede|debo|hay|es)\b",
    re.IGNORECASE,
)
_DEFINE = re.compile(
    r"^(?:what(?:['’]s| is| are| does| do)|who(?:['’]s| is| are)|define|describe|explain"
    r"|tell me about"
    r"|meaning of|was (?:ist|macht|tut)|wer ist|qu['’]est-ce|que fait|c['’]est quoi"
    r"|qu[ée] (?:es|hace))\b",
    re.IGNORECASE,
)
_FOLLOW = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|then|also|what about|how about|what if|same|why|und|et|y"
    r"|pero|aber)\b"
    r"|\b(?:it|that|this|there|those|these|they|them|one|same|dort|davon|dazu|cela|eso)\b",
    re.IGNORECASE,
)
_INTO = re.compile(
    r"(?:\b(?:into|become|becoming)"
    r"|(?:\w\d|\bfrom(?: \w+){1,4}|\b(?:promot|mov|switch|transition|go|step|jump|chang|grow|path"
    r"|way|road|up|back)\w*(?: \w+){0,2}) to)\s+(?:be\s+)?(?:an?\s+|the\s+)?$",
    re.IGNORECASE,
)
_SAME_MATTER = re.compile(
    r"^(?:and |but |so |ok(?:ay)?,? )?(?:why|how come|what if|what for|since when|warum|pourquoi"
    r"|por qu[ée])\b",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"\s*[,;–—-]?\s+(?:and|but|or|plus)(?:,[^,?]{1,80},|,)?\s+"
    r"(?=(?:(?:then|also|about|roughly|later|in|at|for|to|from|by|on|with|of)\s+){0,3}"
    r"(?:how|what|which|who|whom|whose|when|where|why|is|are|do|does|can|could|should|will)\b)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(r"\b(?:it|that|this|these|those|why)\b", re.IGNORECASE)
_SMALL_TALK = re.compile(
    r"^(?:thanks?|thank you|thx|hi|hello|hey|bye|more|go on|ok(?:ay)?|great|cool|nice|danke|merci"
    r"|gracias)\W*(?:you|a lot|please|so much)?\W*$",
    re.IGNORECASE,
)
_CONTRIBUTOR = re.compile(r"individual contributors?|ics")
_NO_RANK = re.compile(r"\b(?:entry|mid)[ -]level ")
_ROLE = re.compile(
    r"\b(?:[se]?vps?|avps?|vice[ -]presidents?|(?:staff|principal|distinguished|senior|junior|lead"
    r"|entry[ -]level|mid[ -]level)(?: \w+)? (?:engineer|developer|designer|analyst|scientist)s?"
    r"|(?:software|backend|frontend|data|devops|platform|qa|test|security) engineers?"
    r"|(?:tech|technical|team|squad|engineering) leads?|architects?|interns?|apprentices?|fellows?"
    r"|chief \w+ officers?|c[efoi]os?|cpos?|cisos?|(?:product|project|program) (?:manager|owner)s?"
    r"|scrum masters?|designers?|recruiters?|data scientists?|individual contributors?|ics)\b",
    re.IGNORECASE,
)
_CODE_LIKE = re.compile(r"(?:(?<![\w-])|(?<=[A-Za-z]\d-))([A-Za-z]{1,4})(\d{1,2})(?=s?(?![\w%]))")
# Quarters, halves and versions look like codes.
_NOT_LEVEL = re.compile(r"(?:q[1-4]|h[12]|v\d+|s3|k8|p\d{2}|fy\d+|a4|mp[34])", re.IGNORECASE)
_COMMON = frozenset(
    tokens(
        "a an the i me my we our you your he she they them their his her its it is are was were be"
        " been am do does did doing done have has had having can could shall should will would may"
        " might must to of in on at by for with from as into about over under between"
        " among than then"
        " that this these those there here what which who whom whose when where why how"
        " and or but if"
        " so not no yes any some all each every one two more most much many very really"
        " just also too"
        " only even still ever get gets getting got go goes going want wants need needs"
        " like know tell"
        " say says said see give make makes made take takes thing things way ways please thanks hi"
        " hello hey okay ok mean means someone somebody person people something anything exactly"
        " level levels role roles job position title ladder career company track"
        " main key big biggest major overview summary practice normal normally usual"
        " usually typical"
        " typically often generally kind sort bit lot case part real realistic i'm i've"
        " i'd it's that's"
        " year years long next move boss become becoming promotion promoted step steps ready way"
        " talk think let help explain describe show actually currently right now new vs versus"
        " difference differ compare question answer document documents guide guides"
        " contain contains containing include includes included consist consists comprise"
    )
)

# Words that ask for all there is about a level, where nothing else is asked of it.
_WHOLE = frozenset(
    tokens(
        "complete completely full fully entire entirely whole wholly total everything list lists"
        " bullet bullets point points item items requirement requirements duty duties task tasks"
        " enumerate three four five six seven eight nine ten"
    )
)


def long_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a question that has several, and the questions that "and" joins.

    Each is searched for by itself as well.
    """
    sentences = [text[start:end] for start, end in split_sentences(text)]
    parts = [part for sentence in sentences for part in _JOINT.split(sentence)]
    long = tuple(part for part in parts if len(part.split()) >= SENTENCE_WORDS)
    return long[:MAX_SENTENCES] if len(parts) > 1 else ()


class Understanding:
    """Understands questions about one ladder; built once for a generation."""

    def __init__(
        self, ladder: Ladder, vocabulary: Iterable[str], known: Callable[[str], bool]
    ) -> None:
        self._ladder = ladder
        self.names = LevelNames(ladder.levels)
        self._relative = RelativeNames(ladder, self.names)
        aliases = (word for level in ladder.levels for a in level.aliases for word in a.split())
        words = [*vocabulary]
        self._stems = frozenset(stem for word in frozenset(words) for stem in tokens(word))
        self._speller = Speller([*words, *aliases], known)
        codes = [level.code for level in ladder.levels] + list(ladder.mentioned)
        self._prefixes = {re.sub(r"\d+$", "", code).casefold() for code in codes}
        self._tracks = _track_levels(ladder)
        named = [name for level in ladder.levels for name in (*level.titles, level.track)]
        self._described = tuple(dict.fromkeys(name.casefold() for name in named))

    def query(self, question: str, history: Sequence[Turn] = ()) -> Query:
        """The question as understood. Raises QuestionError."""
        question = check_question(question)
        check_history(history)
        alone = self._alone(question)
        if not history:
            return alone
        earlier = [turn.content for turn in history if turn.role == "user"]
        for content in reversed(earlier):
            carried = self._carry(alone, self._alone(cleaned(content)))
            if carried is not None:
                return carried
        return alone

    def _carry(self, now: Query, before: Query) -> Query | None:
        """`now` with levels or topic of an earlier question, or None if that one has nothing."""
        short = len(now.text.split()) <= SHORT_WORDS
        leans = bool(_FOLLOW.search(now.text)) or short
        foreign = now.words and not any(word in self._stems for word in now.words)
        beside = self._beside(now.text, before) if not (now.levels or now.unknown) else None
        if beside is not None:
            return self._carry(beside, before) or beside
        if _SMALL_TALK.match(now.text) or (foreign and not now.topics):
            return None
        named = before.levels or before.unknown
        if not (now.levels or now.unknown):
            if not leans or not named:
                return None
            about = _move_text(before) or ", ".join((*before.levels, *before.unknown))
            bare = not now.topics and not now.words
            points = (bare or _POINTS_BACK.search(now.text)) and not _move_text(before)
            fits = len(before.text) <= CARRIED_CHARACTERS
            if fits and (points or _SAME_MATTER.match(now.text)):
                about = before.text.strip(" ?.!")  # "it" is what was asked about, not just who
            return self._alone(f"{now.text} ({about})", carried=True)
        bare = not now.topics and len(now.words) <= 1
        if not (bare and leans and (before.topics or before.words)):
            return None
        return self._alone(
            f"{now.text} ({self._without_levels(before.text)[:CARRIED_CHARACTERS]})", carried=True
        )

    def _beside(self, text: str, before: Query) -> Query | None:
        """`text` with the level that it names by its place beside the one asked about before."""
        levels = before.transition or before.levels
        if len(levels) > 1 and not before.transition:
            return None
        resolved = self._relative.resolve_from(text, levels)
        return self._alone(resolved, carried=True) if resolved != text else None

    def _without_levels(self, text: str, mark: str = "…") -> str:
        for mention in reversed(self.names.find(text)):
            text = text[: mention.start] + mark + text[mention.end :]
        return text.strip(" ?.!")

    def _alone(self, text: str, *, carried: bool = False) -> Query:
        language = language_of(text)
        search = _SHARE.sub(r"what share of \1 \2", into_english(text, language))
        search = self._relative.resolve(self._speller.mend(search))
        mentions = self.names.find(search)
        levels = tuple(dict.fromkeys(mention.code for mention in mentions))
        unknown = self._unknown(search, mentions, known=bool(levels))
        named = len(levels) + len(unknown)
        levels = levels or self._levels_of_track(search)
        compared = named >= 3 or (named >= 2 and bool(_COMPARE.search(search)))
        alone = named == 2 and not re.search(r"[^\W\d_]{2,}", self._without_levels(search, ""))
        compared = compared or alone
        transition = None if compared else self._move(search, mentions, levels)
        if transition:
            levels = tuple(dict.fromkeys((*transition, *levels)))
        bare = search
        for mention in reversed(mentions):
            bare = bare[: mention.start] + " " + bare[mention.end :]
        for name in unknown:
            bare = re.sub(rf"\b{re.escape(name)}s?\b", " ", bare, flags=re.IGNORECASE)
        topics = topics_of_question(bare)
        own = tokens(without_cues(bare, topics[:1]))
        words = tuple(w for w in dict.fromkeys(own) if w not in _COMMON and len(w) > 1)
        if levels and _WHOLE.issuperset(words):
            words = ()
        if compared:
            topics = tuple(topic for topic in topics if topic != "shift")
        intent = (
            Intent.COMPARISON if compared else _intent(search, transition, topics, levels, words)
        )
        return Query(
            text, search, intent, levels, unknown, transition, topics, words, language, carried
        )

    def _levels_of_track(self, text: str) -> tuple[str, ...]:
        for name, codes in self._tracks:
            if re.search(rf"\b{re.escape(name)}s?\b", text, re.IGNORECASE):
                return codes
        return ()

    def _unknown(self, text: str, mentions: Sequence[Mention], *, known: bool) -> tuple[str, ...]:
        """Codes and job titles that no document describes, as they are written."""
        taken = [(mention.start, mention.end) for mention in mentions]
        found: dict[str, None] = {}
        for match in _CODE_LIKE.finditer(text):
            inside = any(start < match.end() and match.start() < end for start, end in taken)
            prefix = match[1].casefold()
            plausible = prefix in self._prefixes or (match[1].isupper() and len(prefix) <= 3)
            if plausible and not inside and not _NOT_LEVEL.fullmatch(match.group()):
                found[match.group().upper()] = None
        compared = not known or bool(_COMPARE.search(text))
        for match in _ROLE.finditer(text):
            if not compared and not _INTO.search(text[: match.start()]):
                continue
            if self._is_part_of_title(match.group()):
                continue
            inside = any(start < match.end() and match.start() < end for start, end in taken)
            if not inside:
                found[match.group()] = None
        return tuple(found)

    def _is_part_of_title(self, role: str) -> bool:
        """Whether a job title is a track's name, or words of one title ("mid-level designers")."""
        name = role.casefold()
        if any(name in described for described in self._described):
            return True
        if not self._ladder.levels:  # theirs have no codes; whose words they use, they may describe
            return self._stems.issuperset(tokens(name))
        if _CONTRIBUTOR.fullmatch(name) and "ic" not in self._prefixes:
            return True  # everybody without a team, in documents that give these no codes
        words = set(_NO_RANK.sub("", name).removesuffix("s").split())
        return any(words <= set(described.split()) for described in self._described)

    def _move(
        self, text: str, mentions: Sequence[Mention], levels: Sequence[str]
    ) -> tuple[str, str] | None:
        """The move between two levels that a question is about, or None."""
        written = self.names.transition(text)
        if written:
            return written
        ranks = {level.code: level.rank for level in self._ladder.levels}
        if len(levels) == 2:
            low, high = sorted(levels, key=lambda code: ranks[code])
            known = self._ladder.transition(low, high)
            return (low, high) if known and _MOVE.search(text) else None
        return self._move_of_one(text, mentions, levels[0]) if len(levels) == 1 else None

    def _move_of_one(
        self, text: str, mentions: Sequence[Mention], level: str
    ) -> tuple[str, str] | None:
        """The move into a level that is aimed at or to be shown, or out of one that is held."""
        into = [(t.source, t.target) for t in self._ladder.transitions if t.target == level]
        out_of = [(t.source, t.target) for t in self._ladder.transitions if t.source == level]
        aimed = any(_TOWARD.search(text[: mention.start]) for mention in mentions)
        shown = _AT_LEVEL.search(text) and _SHOWN.search(text)
        if aimed or shown:
            return into[0] if len(into) == 1 else None
        return out_of[0] if _UPWARD.search(text) and len(out_of) == 1 else None


def _track_levels(ladder: Ladder) -> list[tuple[str, tuple[str, ...]]]:
    """Names of tracks with their levels, for a question about a track by its name."""
    tracks: dict[str, list[str]] = {}
    for level in ladder.levels:
        tracks.setdefault(level.track, []).append(level.code)
    return [
        (name, tuple(codes)) for name, codes in sorted(tracks.items(), key=lambda p: -len(p[0]))
    ]


def _move_text(query: Query) -> str:
    return f"{query.transition[0]} to {query.transition[1]}" if query.transition else ""


def _intent(
    text: str,
    transition: tuple[str, str] | None,
    topics: Sequence[str],
    levels: Sequence[str],
    words: Sequence[str],
) -> Intent:
    if _FIGURE.search(text) or _AMOUNT.search(text):
        return Intent.FIGURE
    if _YES_NO.search(text) and (words or topics):
        return Intent.YES_NO
    if topics and is_listed(topics[0]) and len(words) <= LISTED_WORDS[is_plain(topics[0])]:
        return Intent.LIST
    if transition:
        general = not topics and len(words) <= FEW_WORDS
        return Intent.TRANSITION if general else Intent.OTHER
    defined = len(words) <= bool(_DEFINE.search(text)) and not topics
    return Intent.DEFINITION if levels and defined else Intent.OTHER
