"""Identical questions are answered once: those under way are shared, the last ones remembered.

Answers are kept in memory alone, for the generation that gave them.
Not covered: answers in a model's words, each of which is written anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ladder_qa.assistant import Assistant
    from ladder_qa.datamodels import Answer, Turn

    Asked = tuple[str, tuple[Turn, ...]]
    Work = Callable[[Callable[[], Answer]], Awaitable[Answer]]

REMEMBERED = 256  # answers, about 10 kB each


@dataclass(eq=False)
class _Reply:
    """An answer, there or under way, and how many requests wait for it."""

    task: asyncio.Future[Answer]
    waiting: int = 0


class Answers:
    """Asks an assistant through `work`, which runs a call off the event loop."""

    def __init__(self, work: Work, most: int = REMEMBERED) -> None:
        self._work = work
        self._most = most
        self._assistant: Assistant | None = None
        self._replies: OrderedDict[Asked, _Reply] = OrderedDict()

    async def answer(
        self, assistant: Assistant, question: str, history: Sequence[Turn] = ()
    ) -> Answer:
        """What `assistant.ask` gives. Raises QuestionError for a bad question or history.

        A call for which nobody waits any more is given up, unless it has begun.
        """
        if assistant is not self._assistant:  # another generation: what is under way goes on
            self._assistant, self._replies = assistant, OrderedDict()
        replies, asked = self._replies, (question, tuple(history))
        reply = replies.get(asked)
        if reply is None:
            work = self._work(lambda: assistant.ask(question, history))
            reply = replies[asked] = _Reply(asyncio.ensure_future(work))
            if len(replies) > self._most:
                replies.popitem(last=False)
        replies.move_to_end(asked)
        reply.waiting += 1
        try:
            return await asyncio.shield(reply.task)
        except BaseException:
            if replies.get(asked) is reply and (reply.task.done() or reply.waiting == 1):
                del replies[asked]  # it failed, or nobody else waits: the next one asks anew
            if reply.waiting == 1:
                reply.task.cancel()
            raise
        finally:
            reply.waiting -= 1
