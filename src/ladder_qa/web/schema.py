"""What the OpenAPI schema says beyond the types: meanings of members, bodies, problem responses.

The shapes come from the dataclasses themselves, so that schema and answers cannot drift apart.
Not covered: HTML pages, which are left out of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import TypedDict  # pydantic needs this one on Python 3.11

from ladder_qa.texts import (
    MAX_COMMENT,
    MAX_ID,
    MAX_PASSAGE,
    MAX_PASSAGES,
    MAX_QUESTION,
    MAX_REASON,
    MAX_TEXT,
    MAX_TURN,
    MAX_TURNS,
)
from ladder_qa.web.auth import is_public
from ladder_qa.web.hosts import is_checked
from ladder_qa.web.problems import KINDS

if TYPE_CHECKING:
    from ladder_qa.settings import Settings

DESCRIPTION = """
Answers questions about an engineering career ladder from the ladder's own documents. Each answer
cites exact slices of them; what they do not say is refused, with the nearest thing they do say.

Offsets (`start`, `end`) count Unicode code points of a document's text decoded from UTF-8, with no
newline translation, end exclusive. Errors are `application/problem+json` (RFC 9457).
"""


@dataclass(frozen=True, slots=True)
class ReadyResult:
    """What is served now."""

    status: str
    generation: str
    corpus: str
    documents: int
    passages: int
    model: str
    stale: bool


class ProblemObject(TypedDict):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


ASK_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["question"],
                "properties": {
                    "question": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_QUESTION,
                        "description": "The question, in the person's own words; at least one "
                        "letter or number, and no NUL.",
                    },
                    "history": {
                        "type": "array",
                        "maxItems": MAX_TURNS,
                        "default": [],
                        "description": "Earlier turns, oldest first. The person's turns carry "
                        "levels and topic over; the assistant's are never evidence.",
                        "items": {
                            "type": "object",
                            "required": ["role", "content"],
                            "properties": {
                                "role": {"type": "string", "enum": ["user", "assistant"]},
                                "content": {"type": "string", "maxLength": MAX_TURN},
                            },
                        },
                    },
                    "keep": {
                        "type": "boolean",
                        "default": False,
                        "description": "Only with true may the question's text be stored.",
                    },
                },
            },
            "example": {"question": "how do I get to the next level?", "history": []},
        }
    },
}

VERIFY_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["text"],
                "properties": {
                    "text": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_TEXT,
                        "description": "What is to be checked, sentence by sentence; at least one "
                        "letter or number, and no NUL.",
                    },
                    "passages": {
                        "type": ["array", "null"],
                        "maxItems": MAX_PASSAGES,
                        "default": None,
                        "description": "What it is checked against, taken together; null: the "
                        "documents.",
                        "items": {"type": "string", "maxLength": MAX_PASSAGE},
                    },
                },
            },
            "example": {"text": "The first move takes ten years.", "passages": None},
        }
    },
}

FEEDBACK_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["answer_id", "verdict"],
                "properties": {
                    "answer_id": {
                        "type": "string",
                        "minLength": 1,
                        "maxLength": MAX_ID,
                        "description": "The answer's `id`.",
                    },
                    "verdict": {
                        "type": "string",
                        "enum": ["up", "down"],
                        "description": "Whether it helped.",
                    },
                    "reason": {
                        "type": ["string", "null"],
                        "maxLength": MAX_REASON,
                        "description": "What was good or bad about it, in a word or two.",
                    },
                    "comment": {
                        "type": ["string", "null"],
                        "maxLength": MAX_COMMENT,
                        "description": "A note to those who keep the documents; it is stored.",
                    },
                    "question": {
                        "type": ["string", "null"],
                        "minLength": 1,
                        "maxLength": MAX_QUESTION,
                        "description": "The question's text: only with the person's consent, "
                        "because it is stored.",
                    },
                },
            },
            "example": {"answer_id": "ans_0123456789abcdef0123", "verdict": "up"},
        }
    },
}

STREAM_RESPONSE: dict[str, Any] = {
    "description": "Events in this order: `meta` (id, mode, model, corpus); `citation` before the "
    "first claim that uses it; `claim`; then exactly one `done` (the whole Answer) or `error` (a "
    "problem object). Every event has an `id`; a comment comes every 15 s.",
    "content": {"text/event-stream": {}},  # FastAPI adds the shape of an event
}

_MEANINGS: dict[str, dict[str, str]] = {
    "Span": {
        "text": "The exact slice of the document.",
        "start": "Offset of its first character.",
        "end": "Offset after its last character.",
    },
    "Citation": {
        "number": "The number of its mark in the answer.",
        "document": "Path relative to the corpus folder.",
        "title": "The document's title.",
        "section": "Headings above the quote, outermost first.",
        "quote": "The exact words: a sentence, list item, heading, bold lead-in or table cell.",
        "start": "Offset of the quote in the document.",
        "end": "Offset after the quote.",
        "context": "What governs the quote: an introducing sentence, a label, table headers.",
        "levels": "Whom the statement is about; empty for a whole track.",
        "url": "The quote's place in the document's page.",
    },
    "Claim": {
        "text": "One sentence, bullet or table row of the answer.",
        "citations": "Numbers of the citations that carry it.",
        "support": "`quoted`: made of its citations' own words; `verified`: worded by a model and "
        "checked against them.",
        "levels": "Whom it is about.",
    },
    "Conflict": {
        "about": "What the documents differ about.",
        "citations": "Numbers of the citations that differ.",
    },
    "Answer": {
        "id": "A function of question, history, corpus and configuration.",
        "question": "The question as understood, standing alone.",
        "outcome": "What became of the question.",
        "answer": "Markdown with `[1]` marks.",
        "claims": "The answer's statements, in order.",
        "citations": "What carries them, numbered from 1.",
        "missing": "What was asked and is not in the documents.",
        "conflicts": "Where documents give different answers.",
        "nearest": "The closest things that the documents do say.",
        "suggestions": "Follow-up questions that the documents do answer.",
        "mode": "`extractive`: made of quotes; `llm`: worded by a language model.",
        "model": "The language model's name, if one was used.",
        "corpus": "Hash of the documents that the answer stands on.",
        "notices": "Remarks for the person, such as about the answer's language.",
    },
    "FoundPassage": {
        "document": "Path relative to the corpus folder.",
        "title": "The document's title.",
        "section": "Headings above it, outermost first.",
        "text": "The exact slice of the document.",
        "start": "Offset of its first character.",
        "end": "Offset after its last character.",
        "context": "What governs it.",
        "levels": "Whom it is about.",
        "url": "Its place in the document's page.",
    },
    "CheckedSentence": {
        "text": "The sentence, an exact slice of the text given.",
        "start": "Offset of its first character in that text.",
        "end": "Offset after its last character.",
        "supported": "Whether passages carry every part of it.",
        "reason": "What is not carried; null where all is.",
        "citations": "The documents' passages that carry it; empty when passages were given.",
    },
    "VerifyResult": {"sentences": "In the text's order."},
    "SearchResult": {"passages": "Best first."},
    "LevelObject": {
        "code": "Such as the documents write it.",
        "title": "The level's title.",
        "track": "The track that it belongs to.",
        "core_question": "The question that sums it up, if the documents give one.",
        "url": "The level's page.",
    },
    "TransitionObject": {
        "from": "Code of the level that is left.",
        "to": "Code of the level that is reached.",
        "title": "The move's name.",
        "document": "Path of the guide that covers it; null when there is none.",
        "typical_time": "How long it takes, in the documents' words; null when they don't say.",
    },
    "LevelsResult": {
        "levels": "In the ladder's order.",
        "transitions": "Moves between the levels described.",
        "starters": "Questions to begin with, up to four, each of which the documents answer.",
    },
    "ReadyResult": {
        "status": "Always `ready`.",
        "generation": "Identity of the index generation.",
        "corpus": "Hash of the documents that it was built from.",
        "documents": "How many documents it holds.",
        "passages": "How many citable statements it holds.",
        "model": "Fingerprint of the embedding model.",
        "stale": "Whether the documents on disk were edited since.",
    },
    "ProblemObject": {
        "type": "Stable address of the kind of problem.",
        "title": "The kind, in words.",
        "status": "The HTTP status.",
        "detail": "For a bad field: its name and its limit.",
        "instance": "The path that was asked for.",
    },
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI responses for failures with these HTTP statuses."""
    return {
        status: {
            "model": ProblemObject,
            "description": "; ".join(k.title for k in KINDS.values() if k.status == status) + ".",
            "content": {"application/problem+json": {}},
        }
        for status in statuses
    }


def complete(schema: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Adds the members' meanings, hosts and how to sign in; problems keep their media type."""
    for name, component in schema.get("components", {}).get("schemas", {}).items():
        for member, value in component.get("properties", {}).items():
            meaning = _MEANINGS.get(name, {}).get(member)
            if meaning:
                value["description"] = meaning
            value.pop("title", None)
    for methods in schema["paths"].values():
        for call in methods.values():
            for response in call.get("responses", {}).values():
                content = response.get("content", {})
                if "application/problem+json" in content:
                    plain = content.pop("application/json", {})
                    content["application/problem+json"] = plain
    _add_hosts(schema, settings)
    _add_sign_in(schema, settings)
    return schema


def _add_hosts(schema: dict[str, Any], settings: Settings) -> None:
    if not is_checked(settings):
        return
    about = KINDS["unknown-host"]
    shape = {"schema": {"$ref": "#/components/schemas/ProblemObject"}}
    refusal = {
        "description": f"{about.title}.",
        "content": {"application/problem+json": shape},
    }
    for path, methods in schema["paths"].items():
        if not is_public(path):
            for call in methods.values():
                call["responses"][str(about.status)] = refusal


def _add_sign_in(schema: dict[str, Any], settings: Settings) -> None:
    if settings.auth == "token":
        scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    elif settings.auth == "proxy":
        scheme = {"type": "apiKey", "in": "header", "name": settings.proxy_header}
    else:
        return
    schema["components"]["securitySchemes"] = {settings.auth: scheme}
    for path, methods in schema["paths"].items():
        if not is_public(path):
            for call in methods.values():
                call["security"] = [{settings.auth: []}]
