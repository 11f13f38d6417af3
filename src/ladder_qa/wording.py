"""A text as words with what is said of them: their clause, and whether they stand denied.

Two texts are compared word by word: by stem, by derivation, by general synonyms.
Not covered: grammar; a clause is what stands between two breaks.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ladder_qa.names import LevelNames
from ladder_qa.polarity import added, breaks, denied
from ladder_qa.quantities import quantities_in
from ladder_qa.synonyms import are_contraries, are_synonyms
from ladder_qa.words import tokens

EXACT, SYNONYM = 1.0, 0.9


def stems_of(words: str) -> frozenset[str]:
    """The stems of a list of words parted by spaces."""
    return frozenset(stem for word in words.split() for stem in tokens(word))


_FUNCTION = stems_of(
    """
    a an the and or but nor of to in on at by for from with without into onto over under
    between among amongst as than then that this these those it its they them their theirs
    themselves he she his her him you your yours yourself yourselves we our ours us i my me
    who whom whose which what when where why how here there is are was were be been being am
    do does did doing done have has had having will would shall should ought may might can
    could must cannot so such not no never if while whereas because since until although
    though also too very more most less least fewer much many some any all each every both
    either neither none several few only just merely mere solely even still yet already
    about around out up down off through during before after above below again further once
    someone somebody something anyone everyone everybody get gets got make makes made making
    take takes took taking go goes going went come comes typically usually generally often
    commonly normally perhaps possibly sometimes rather instead unlike like per via toward
    towards upon within across another other same own one ones majority don't doesn't isn't
    aren't won't can't shouldn't wasn't i'm you're it's that's they're there's whether
    however thus hence look looks example including include includes well etc year years
    month months week weeks percent percentage first-hand mean means let lets whatever
    whichever whoever e g ie eg vs approximately roughly nearly almost frequently primarily
    mainly largely always needs need person people someone level levels thanks elsewhere
    half nobody anybody longer whenever unless later sooner besides alongside altogether alike
    likewise namely enough plenty lot lots far short else away behind against past
    """
)
# Words that carry little by themselves: a rewording adds and drops them freely.
_LIGHT = stems_of(
    """
    way ways kind kinds sort type bring brings brought put puts putting keep keeps kept
    keeping see sees seen want wants find finds found become becomes became feel feels felt
    help helps helped work works working thing things day time times deal deals dealt hold
    holds held stay stays stayed spend spends spent move moves moved say says said hear
    hears part parts job role roles simply actually really quite rather fully matter matters
    fact case cases point side place turn turns start starts begin begins carry carries run
    runs set sets call calls serve serves act acts behave involve involves concern concerns
    apply applies remain remains stand stands step steps try tries know knows think thinks
    use uses used able enable allow allows lets belong belongs count counts enjoy suggest
    suggests ever now today today's back forward upward onward along together instead inside
    outside whole new next kinds number certain particular specific various different own
    real true own everything anything nothing single sole everyone's themselves himself
    herself itself oneself whoever good well better best hard easy give gives gave given giving
    leave leaves lie lies lay fall falls fell mark marks marked bear bears bore end ends ended pass
    passes passed sit sits sat rest rests line lines happen happens happened table row column list
    lists listed spell spells figure ground grounds play plays played meant meaning exist exists
    describe describes described word words worded appear appears amount amounts face faces faced
    read reads reading name names named add adds added open opens big bigger treat treats regard
    regards care cares instance sense term terms manner fine sure watch picture moment talk story
    """
)
_ENDING = re.compile(
    r"(?:e?r|or|er?ship|ship|ment|ness|li|ly|abl|ibl|ful|iti|ity|al|all|anc|enc|ant|ent|ing|ed|at|"
    r"th|ation|ition|ion|ive?|ic|ical|ist|ous|hood|i|y|e|ee|wide|less|able)(?:s|li|ly)?"
)
_ADJECTIVE = re.compile(r"(?:ut|at|it|ct|pt|ns|rs)ives?$")
_WORD = re.compile(r"(?<![\w])[^\W\d_]+(?:['’][^\W\d_]+)*(?![\d_])")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries meaning: `sign` is -1 where it stands denied, 0 behind "not just"."""

    stem: str
    raw: str
    start: int
    clause: int
    sign: int
    of_name: bool = False  # part of a level's name


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, its words in order, its clauses as (start, end), and the levels that it names."""

    text: str
    words: tuple[Word, ...]
    clauses: tuple[tuple[int, int], ...]
    codes: frozenset[str]

    def in_clause(self, number: int) -> list[Word]:
        """The words of one clause."""
        return [word for word in self.words if word.clause == number]

    def clause_text(self, number: int) -> str:
        """The words of one clause as they stand."""
        start, end = self.clauses[number]
        return self.text[start:end]


@functools.lru_cache(maxsize=8192)
def stem_of(word: str) -> str:
    """The first token of a word; "" for one that is none."""
    return next(iter(tokens(word)), "")


def is_function(stem: str) -> bool:
    """Whether a stem carries no meaning of its own."""
    return stem in _FUNCTION or len(stem) < 2


def is_light(stem: str) -> bool:
    """Whether a stem carries so little that a rewording adds and drops it freely."""
    return stem in _LIGHT


def read(text: str, names: LevelNames, *, keep: bool = False) -> Reading:
    """The words of a text; level names and amounts have rules of their own and are left out.

    With `keep`, level names count as words as well: a title may be meant as common words.
    """
    mentions = names.find(text)
    blank = [] if keep else [(mention.start, mention.end) for mention in mentions]
    blank += [(one.start, one.end) for one in quantities_in(text)]
    clauses = breaks(text)
    off, plus = denied(text), added(text)
    words = []
    for match in _WORD.finditer(text):
        place = match.start()
        stem = stem_of(match.group())
        if is_function(stem) or any(start <= place < end for start, end in blank):
            continue
        number = next((n for n, (start, end) in enumerate(clauses) if start <= place < end), 0)
        times = sum(start <= place < end for start, end in off)
        sign = -1 if times % 2 else 1
        if any(start <= place < end for start, end in plus):
            sign = 0
        of_name = any(mention.start <= place < mention.end for mention in mentions)
        words.append(Word(stem, match.group().casefold(), place, number, sign, of_name))
    return Reading(text, tuple(words), clauses, frozenset(mention.code for mention in mentions))


def are_derived(first: str, second: str) -> bool:
    """Whether two stems share the greater part of their letters, as "lead" and "leadership"."""
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if len(short) < 4:
        return False
    if long.startswith(short) and _ENDING.fullmatch(long, len(short)):
        return True
    common = 0
    for ours, theirs in zip(first, second, strict=False):
        if ours != theirs:
            break
        common += 1
    return common >= 5 and common >= 0.65 * len(long)


def _same(ours: Word, theirs: Word) -> bool:
    """Whether two words are one or derived, but for "active" and "action": often no kin."""
    if not are_derived(ours.stem, theirs.stem):
        return False
    kinds = [_ADJECTIVE.search(word.raw) is not None for word in (ours, theirs)]
    return ours.raw == theirs.raw or kinds[0] == kinds[1]


def best(ours: Word, theirs: Sequence[Word]) -> tuple[float, list[Word]]:
    """How far a word stands among others, and those that it stands for.

    1 for the same word or a derived one, 0.9 for a synonym, else 0.
    """
    exact = [word for word in theirs if _same(ours, word)]
    if exact:
        return EXACT, exact
    near = [word for word in theirs if are_synonyms(ours.stem, word.stem)]
    return (SYNONYM, near) if near else (0.0, [])


def contrary(ours: Word, theirs: Sequence[Word]) -> Word | None:
    """The first of `theirs` that says the contrary of `ours`."""
    return next((word for word in theirs if are_contraries(ours.stem, word.stem)), None)
