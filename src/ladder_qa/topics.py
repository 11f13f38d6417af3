"""Kinds of section that career ladders have, and the words by which people ask for them.

A heading or an introducing label shows its kind by the same family of words, so that sections of
any ladder are recognised without knowing its headings.
Not covered: sections of a kind that is not listed here; they are found by their words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of section: cues in headings and labels, and cues in questions (four languages)."""

    name: str
    heading: re.Pattern[str]
    question: re.Pattern[str]
    listed: bool  # asking for it asks for a whole list


def _topic(name: str, heading: str, question: str, *, listed: bool = False) -> Topic:
    compiled = [re.compile(rf"\b(?:{cues})", re.IGNORECASE) for cues in (heading, question)]
    return Topic(name, compiled[0], compiled[1], listed)


TOPICS: tuple[Topic, ...] = (
    _topic(
        "pitfalls",
        r"pitfall|mistake|traps?\b|anti-?pattern|derail|failure mode|what not to",
        r"pitfall|mistake|traps?\b|avoid|(?:should|must|do|can)(?:n['’]t| not"
        r"| i not)\b.{0,12}\bdo\b"
        r"|not (?:to )?do\b|go(?:es|ing)? wrong|went wrong|derail|anti-?pattern|watch out"
        r"|warning sign"
        r"|trip(?:s|ped)? (?:\w+ )?up|stumbl|fail at|failing|common error|struggl|beware|red flag"
        r"|fallstrick|stolper|fehler|vermeid|pi[èe]ges?|erreurs?|[ée]viter|errores|trampas|evitar",
        listed=True,
    ),
    _topic(
        "questions",
        r"self-?assessment|questions? to (?:reflect|ask|consider)|reflection|reflect on|checklist",
        r"questions? (?:should|can|could|to|do|must|would|for|that)|which questions|what questions"
        r"|ask (?:myself|themsel|himself|herself|yourself|oneself)|self-?assess|reflect|self-?check"
        r"|selbsteinsch|fragen sollte|welche fragen|quelles questions|auto-?[ée]valuation"
        r"|qu[ée] preguntas"
        r"|autoevaluaci",
        listed=True,
    ),
    _topic(
        "evidence",
        r"track record|evidence|portfolio|proof|achievements to",
        r"evidence|track record|promo(?:tion)? (?:packet|doc|case|file|dossier)|prove|proof|gather"
        r"|collect|document (?:my|the|their|your|for)|what (?:to|should \w+) (?:track"
        r"|document|record)"
        r"|business case|nachweis|beweis|belege|preuves?|dossier|pruebas|evidencias?",
        listed=True,
    ),
    _topic(
        "readiness",
        r"readiness|ready|demonstrat|look(?:ing)? for|promotion criteria|criteria|getting promoted",
        r"ready|readiness|(?:promotion )?criteria|look(?:s|ing)? for in|qualif|(?:sustain|perform|"
        r"operat|demonstrat|show|deliver|consistent)\w*.{0,40}(?:next level|consistent|before)"
        r"|bereit|kriterien|pr[êe]te?\b|crit[èe]res|prepar(?:ado|ada)|criterios",
    ),
    _topic(
        "timeline",
        r"timelines?|typical time|time ?frame|duration|how long|time in level|time at level",
        r"how (?:long|fast|quick|soon)|timeline|time ?frame|how (?:many|much) (?:years"
        r"|months|time)(?! of)"
        r"|typical(?:ly)? (?:time|take)|duration|years (?:does|do|will|from|to|until|before|at)"
        r"|\btime (?:to|from|does|until|between)|when (?:can|could|will|do|would"
        r"|might) (?:i|an?|we|they)"
        r"|takes? to|wie ?lange|dauer|wie viele jahre|combien (?:de temps|d['’]ann)"
        r"|cu[áa]nto tiempo"
        r"|cu[áa]ntos a[ñn]os|\bdur[ée]e",
    ),
    _topic(
        "experience",
        r"experience|background|qualifications?|prerequisites?|requirements?",
        r"experience|background|qualifications?|prerequisite|how senior|seasoned"
        r"|erfahrung|berufsjahre"
        r"|exp[ée]rience|experiencia",
    ),
    _topic(
        "success",
        r"success|expectations?|responsibilit|outcomes|what good looks|accomplish",
        r"success|expect(?:ed|ations?|s)?\b|responsib|what good looks|good at (?:this|the|my)|thriv"
        r"|great (?:at|as)|excellent|outcomes?\b|deliver|erfolg|erwart|verantwort|succ[èe]s|attend"
        r"|r[ée]ussi|[ée]xito|espera|responsab",
        listed=True,
    ),
    _topic(
        "shift",
        r"shift|what changes|differences?|transition from|changes? from",
        r"shift|what changes?|changes? (?:between|from|when|at|for)|change most|differ"
        r"|new (?:at|in) the"
        r"|leave behind|let go of|stop doing|unterschied|[äa]ndert|diff[ée]ren"
        r"|change(?:nt)?\b.{0,20}\bentre"
        r"|cambia|diferencia",
    ),
    _topic(
        "development",
        r"how to (?:develop|grow|build|improve|get)|develop(?:ing)? this"
        r"|grow(?:ing)? this|learning plan",
        r"how (?:do|can|could|should|to|would|might) .{0,40}(?:develop|build|improve|grow"
        r"|learn|get better"
        r"|practi[cs]e|strengthen|work on|train|prepare|start|gain)|get better"
        r"|practi[cs]e|improve|exercise"
        r"|coach (?:him|her|them|someone|an?)|develop (?:this|that|my|the|their|his|her)|steps"
        r"|wie kann|entwickeln|verbessern|comment (?:d[ée]velopper|am[ée]liorer"
        r"|progresser)|c[óo]mo (?:puedo"
        r"|desarroll|mejor)|desarrollar|mejorar",
        listed=True,
    ),
    _topic(
        "signs",
        r"looks? like|in practice|behaviou?rs?|examples?|signs",
        r"look(?:s|ing)? like|in practice|signs\b|sign (?:of|that)\b|behaviou?r|example"
        r"|recogni[sz]e|concretely|day.to.day"
        r"|how (?:do|would) (?:i|you|we) (?:know|tell|notice|see)|sieht .{0,30} aus"
        r"|ressemble|c[óo]mo se ve",
        listed=True,
    ),
    _topic(
        "fit",
        r"right for|for you\b|considerations|is .{0,40} for (?:me|you)|who should|right if",
        r"right for|suit(?:s|ed|able)?\b|\bfit\b|should i (?:become|go|pursue|want|aim"
        r"|be)|cut out|enjoy"
        r"|personality|who (?:is|should|shouldn).{0,30}(?:for|pursue|avoid)"
        r"|is .{0,40} for me|prefer"
        r"|passt|geeignet|fait pour|convient|adecuad|para m[íi]\b",
        listed=True,
    ),
    _topic(
        "plateau",
        r"alternative|plateau|staying|healthy|key messages",
        r"plateau|stay(?:ing)?\b|remain|not (?:want|get|be)\w* promot|never (?:get|be"
        r"|reach|make)|stuck"
        r"|don['’]t (?:want|reach|get)|have to (?:move|get|be) |okay to|ok to|shame"
        r"|alternativ|bleiben"
        r"|rester|quedar",
    ),
    _topic(
        "capabilities",
        r"capabilit|skills?\b|competenc",
        r"capabilit|skills?\b|competenc|strengths|what .{0,20}(?:learn|need to (?:develop|build))"
        r"|f[äa]higkeit|kompetenz|comp[ée]tences|habilidades|capacidades|competencias",
        listed=True,
    ),
    _topic(
        "distribution",
        r"distribution|breakdown|ratio|head ?count",
        r"distribut|proportion|percent|how many|share of|what part|ratio|\d+ ?%|anteil"
        r"|prozent|wie viele"
        r"|proportion|pourcentage|combien (?:de|d)|porcentaje|cu[áa]ntos",
    ),
    _topic(
        "tracks",
        r"between tracks|track (?:change|switch)|switching|lateral|moving between",
        r"(?:switch|chang|mov|return|go|going|get|step|back).{0,25}\b(?:track|ic\b|coding"
        r"|individual"
        r"|engineer(?:ing)?\b)|individual contributor|hands.on again"
        r"|become an? (?:engineer|ic)\b|lateral"
        r"|zur[üu]ck|retour|volver",
    ),
    _topic(
        "resources",
        r"resources|references|further reading|other pages|more information",
        r"resources|further reading|where (?:can|do|could) i (?:find|read|get|look)"
        r"|which documents?"
        r"|what documents?|more (?:detail|info)|guides?\b|templates?",
    ),
    _topic(
        "scope",
        r"scope|focus|at a glance|team size|span",
        r"scope|team size|how (?:big|large)|how many (?:people|engineers|reports|teams)"
        r"|span|focus|own\b"
        r"|primary",
    ),
)

OF_EVERY_LEVEL = frozenset(("success",))
"""Kinds of section that mean all that is said of a level: what is expected of it."""

_BY_NAME = {topic.name: topic for topic in TOPICS}


def topics_of_question(text: str) -> tuple[str, ...]:
    """Kinds of section that a question asks for, the longest cue first."""
    found = []
    for topic in TOPICS:
        cues = [match.group() for match in topic.question.finditer(text)]
        if cues:
            found.append((max(len(cue) for cue in cues), topic.name))
    return tuple(name for _, name in sorted(found, key=lambda pair: -pair[0]))


def without_cues(text: str, names: Iterable[str]) -> str:
    """`text` less the words by which it asks for these kinds of section."""
    for name in names:
        # to the end of the word: a cue such as "differ" stands for "difference"
        text = re.sub(rf"{_BY_NAME[name].question.pattern}\w*", " ", text, flags=re.IGNORECASE)
    return text


def topics_of_headings(headings: Iterable[str]) -> frozenset[str]:
    """Kinds of section that a heading path and its labels show."""
    texts = tuple(headings)
    return frozenset(
        topic.name for topic in TOPICS if any(topic.heading.search(text) for text in texts)
    )


def is_plain(name: str) -> bool:
    """Whether its name alone says which list is meant: pitfalls are one list, signs are many."""
    return name in ("pitfalls", "questions", "evidence", "capabilities")


def is_listed(name: str) -> bool:
    """Whether asking for this kind of section asks for a whole list."""
    return _BY_NAME[name].listed
