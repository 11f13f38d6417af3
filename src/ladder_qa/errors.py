"""Every error that this product raises on purpose, as one small tree.

A message names the thing, its value and what is allowed, in words for the person who meets it.
Not covered: HTTP statuses and exit statuses; the doors (`web`, `cli`) map these classes to them.
"""


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
    """The configured Chroma server cannot be reached or answered wrongly."""


class QuestionError(LadderError):
    """A question, a history or another field of a request breaks its limits.

    `field` names it and `limit` says what is allowed, so that a door can repeat both.
    """

    def __init__(self, field: str, limit: str, kind: str = "invalid-field") -> None:
        super().__init__(f"{field}: {limit}")
        self.field = field
        self.limit = limit
        self.kind = kind
