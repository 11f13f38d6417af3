"""Every error that this product raises on purpose, as one small tree.

A message names the thing, its value and what is allowed, in words for the person who meets it.
Not covered: HTTP statuses and exit statuses; the doors (`web`, `cli`) map these classes to them.
"""

from typing import Literal

LanguageModelFault = Literal[
    "refused",  # nothing answers at the address
    "unauthorized",
    "unknown_model",
    "rate_limited",
    "server_error",
    "timeout_first",  # no word came in time
    "timeout_total",  # words came, the end did not
    "cut",  # the connection ended before the provider said that the answer is complete
    "empty",
    "length",  # the answer is longer than the tokens allowed
    "filtered",  # the provider or the model declined
    "bad_output",  # not the provider's format, or not text
    "budget",  # the day's tokens are spent
    "open_circuit",  # failed too often just now to be asked again at once
    "not_installed",
    "bad_request",
]


class LadderError(Exception):
    """Base of all errors with a message that is meant for a person."""


class SettingsError(LadderError):
    """A setting has a value that is not allowed; the message names key, value, what is allowed."""


class CorpusError(LadderError):
    """There is no corpus to read: the folder is missing or holds no readable document."""


class ModelError(LadderError):
    """The embedding model is missing, not the pinned one, or its export failed the parity check."""


class IndexMissingError(LadderError):
    """No generation has been built yet in the data folder."""


class IndexDamagedError(LadderError):
    """A generation's files are not what its manifest says; it is not served."""


class IngestRunningError(LadderError):
    """Another process holds the writer's lock; it builds, this one does not."""


class StoreError(LadderError):
    """The index cannot be written to the disk, or Chroma does not answer as it should."""


class FeedbackError(LadderError):
    """The database of feedback cannot be opened, read or written."""


class QuestionError(LadderError):
    """A question, a history or another field of a request breaks its limits.

    `field` names it and `limit` says what is allowed, so that a door can repeat both.
    """

    def __init__(self, field: str, limit: str, kind: str = "invalid-field") -> None:
        super().__init__(f"{field}: {limit}")
        self.field = field
        self.limit = limit
        self.kind = kind


class LanguageModelError(LadderError):
    """A language model gave no complete answer; `kind` says why.

    The message holds neither the key nor anything of the question. `retry_after_s` is None where
    asking again at once is no use. `provider_says` is filled by `LanguageModel.check` alone, whose
    question is not a person's.
    """

    def __init__(
        self,
        kind: LanguageModelFault,
        message: str,
        *,
        retry_after_s: float | None = None,
        provider_says: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.provider_says = provider_says
