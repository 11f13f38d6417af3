"""Questions in German, French or Spanish: told apart by small words, put into English to search.

Only the words by which people ask about careers are put over, one by one; answers stay in the
documents' language.
Not covered: translation; a question whose key words are not listed here is searched as it is.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib.resources import files

LONGEST_PHRASE = 9  # tokens of a phrase in the list, blanks and apostrophes counted

_SMALL_WORDS = {
    "de": "der die das den dem ein eine einen einer und oder ist sind wie was wer welche welcher"
    " welches ich wir nicht zu zum zur von für mit auf auch kann muss wird werden braucht zwischen"
    " beim vom im wenn als man mir mein meine gibt es soll sollte warum wann dauert",
    "fr": "le la les un une des du et ou est sont comment quoi quel quelle quels quelles je nous ne"
    " pas à au aux de pour avec sur dans peut faut entre que qui combien mon ma mes être il elle on"
    " c'est qu'est-ce l' d' quand pourquoi temps",
    "es": "el la los las un una y o es son cómo como qué que cuál cuáles quién yo no a al del de"
    " para con en puede debe entre cuánto cuántos mi mis ser hay se por cuando si lo tiempo hace",
}
_SETS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENGLISH_WORDS = (
    "the a an of to in is are what how do does i my for and or with from who which when why can"
    " should me you it that this on at by be as between if not there many long"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())


def language_of(text: str) -> str:
    """The language of a question: "en", "de", "fr" or "es"; English where nothing else is clear."""
    words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text.casefold())
    english = sum(word in _ENGLISH for word in words)
    scores = {language: sum(word in small for word in words) for language, small in _SETS.items()}
    if re.search(r"[äöüß]", text.casefold()):
        scores["de"] += 1
    if re.search(r"[àâçèêîôûœ]|\b[ldqjsn]['’]", text.casefold()):
        scores["fr"] += 1
    if re.search(r"[¿¡ñáíóú]", text.casefold()):
        scores["es"] += 1
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 2 and scores[best] > english else "en"


@lru_cache(maxsize=1)
def _tables() -> dict[str, dict[str, str]]:
    text = (files("ladder_qa") / "languages.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = json.loads(text)
    return loaded


def into_english(text: str, language: str) -> str:
    """`text` with the words and phrases listed for `language` put into English, longest first."""
    table = _tables().get(language)
    if table is None:
        return text
    words = re.findall(r"[^\W_]+(?:-[^\W_]+)*|[^\w\s]|\s+", text.replace("’", "'"))
    done: list[str] = []
    at = 0
    while at < len(words):
        for length in range(LONGEST_PHRASE, 0, -1):
            phrase = "".join(words[at : at + length])
            if (english := table.get(phrase.casefold())) is not None:
                done.append(english)
                at += length
                break
        else:
            done.append(words[at])
            at += 1
    return re.sub(r"\s+", " ", re.sub(r"(\w)'(?=\w)", r"\1 ", "".join(done))).strip()
