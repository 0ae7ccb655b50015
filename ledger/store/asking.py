"""Several questions of one transaction, asked together and of the driver itself.

Decides: that a batch which needs a dozen small things from the database waits for it once. PostgreSQL gets
the questions in one pipeline; SQLite answers each at once, in this process. SQLAlchemy's own way to a few
rows takes several times as long as the rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from ledger.records.quick import quick
from ledger.store.engine import begun, driver_errors, in_psycopg_words, is_sqlite

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]
Asked = tuple[str, Mapping[str, Any] | Sequence[Any]]
"""A query and its parameters, as the driver takes them."""


@quick
@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A query and what is made of its rows.

    Attributes:
        query: SQL with ``:name`` for each parameter, the same text each time. What it gives is integers,
            text, truths and bytes, each as the driver reads it (truths of SQLite are 0 and 1).
        parameters: By name.
        read: Makes the answer of all its rows.
    """

    query: str
    parameters: Mapping[str, Any]
    read: Callable[[Rows], T]


@dataclass(slots=True)
class Answer(Generic[T]):
    """What a question will have been answered with."""

    question: Question[T]
    _asking: "Asking"
    _rows: Rows | None = None

    def take(self, rows: Rows) -> None:
        """Says what the database gave."""
        self._rows = rows

    @property
    def value(self) -> T:
        """The answer, made anew each time; asks whatever has not been asked yet.

        Raises:
            sqlalchemy.exc.DBAPIError: What the database or the driver says to any of the questions.
            RuntimeError: It did so before, when another answer was looked at.
        """
        self._asking.hear()
        if self._rows is None:
            raise RuntimeError(f"this was asked and not answered: {self.question.query}")
        return self.question.read(self._rows)


@dataclass(slots=True)
class Asking:
    """Questions over one connection, which stay unasked until the first answer is looked at."""

    connection: Connection
    _waiting: list[Answer[Any]] = field(default_factory=list)

    def put(self, question: Question[T]) -> Answer[T]:
        """Adds a question."""
        answer = Answer(question, self)
        self._waiting.append(answer)
        return answer

    def hear(self) -> None:
        """Asks what has been put and not yet asked, in that order, and takes the answers.

        Raises:
            sqlalchemy.exc.DBAPIError: What the database or the driver says.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        in_words = str if is_sqlite(self.connection) else in_psycopg_words
        asked = [(in_words(each.question.query), each.question.parameters) for each in waiting]
        for answer, rows in zip(waiting, ask_driver(self.connection, asked), strict=True):
            answer.take(rows)


def ask(connection: Connection, question: Question[T]) -> T:
    """The answer to one question.

    Raises:
        sqlalchemy.exc.DBAPIError: What the database or the driver says.
    """
    return Asking(connection).put(question).value


def ask_driver(connection: Connection, asked: Sequence[Asked]) -> Sequence[Rows]:
    """What several queries in the driver's own words give; PostgreSQL is not waited for between them.

    Raises:
        sqlalchemy.exc.DBAPIError: What the database or the driver says to any of them.
    """
    if not is_sqlite(connection):
        from ledger.store.psycopg_forms import ask_all

        return ask_all(connection, asked)
    driver = begun(connection)
    answered: list[Rows] = []
    for query, parameters in asked:
        with driver_errors(connection, query):
            answered.append(driver.execute(query, parameters).fetchall())
    return answered


@contextmanager
def telling(connection: Connection) -> Iterator[bool]:
    """Within it PostgreSQL is not waited for between the rows of several tables; an error may be told later.

    Whoever wants an answer within it asks by ``ask`` or ``ask_driver``: SQLAlchemy would look at it too soon.

    Yields:
        Whether the database works meanwhile: SQLite is this process.

    Raises:
        sqlalchemy.exc.DBAPIError: What the database or the driver says to any of what was told.
    """
    if is_sqlite(connection):
        yield False
        return
    from ledger.store.psycopg_forms import sending

    with sending(connection):
        yield True


def tell(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> int:
    """Carries out one statement, with ``:name`` for each parameter, and says how many rows it concerned.

    Raises:
        sqlalchemy.exc.IntegrityError: A row stands there already.
        sqlalchemy.exc.DBAPIError: Anything else that the database or the driver says.
    """
    driver = begun(connection)
    with driver_errors(connection, statement):
        worded = statement if is_sqlite(connection) else in_psycopg_words(statement)
        rowcount: int = driver.execute(worded, parameters).rowcount
        return rowcount
