"""How alike two names are, and why: a score from 0 to 1,000 with its parts.

Decides: what counts how much. Words are paired with the most alike word of the other name; a word that many
entries have (technology, aerospace) counts less than a rare one. Whole numbers only, so that every machine
gives one score.

    score = 650 x words + 350 x letters, in thousandths

``words``: the weight of what was paired, by how alike it is, over the weight of all words of both.
``letters``: the pairs of neighbouring letters that both have (Dice). Names that are the same once folded
score 1,000. The weights are our own, chosen so that a dropped legal form costs nothing and one wrong
letter little.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from ledger.screening.names import Form, form_of, is_han

LIKELY: Final = 800
"""From which score on a name is to be looked at, unless the question says otherwise."""
_WORDS: Final = 650
_LETTERS: Final = 350
_LEAST_ALIKE: Final = 750
"""Words that are less alike than this, in thousandths, are no pair."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An organisation of a list.

    Attributes:
        name: Its legal name. ``aliases``: its other names.
        party: Its identifier, or "".
        control_list, reference: Which entry of which list.
        starts_us, ends_us: While it stands there.
        entry_index: The act that says so.
    """

    name: str
    aliases: tuple[str, ...]
    party: str
    control_list: str
    reference: str
    starts_us: int
    ends_us: int | None
    entry_index: int

    def names(self) -> tuple[str, ...]:
        """The legal name and every alias."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two words that were paired: how alike they are and what that weighs, in thousandths and whole units."""

    asked: str
    listed: str
    alike: int
    weight: int


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a name is like.

    Attributes:
        entry: Which.
        name: Which of its names; ``name_kind``: ``name`` or ``alias``.
        score: 0 to 1,000. ``words``, ``letters``: its parts, each 0 to 1,000.
        pairs: The words that were paired.
        asked_only, listed_only: Words of the one name alone.
        same: ``exact`` (the same name), ``form`` (the same but for case, accents, punctuation, legal form),
            ``spelling`` (the same but for spellings of a transliteration), or "".
    """

    entry: Entry
    name: str
    name_kind: str
    score: int
    words: int
    letters: int
    pairs: tuple[Pair, ...]
    asked_only: tuple[str, ...]
    listed_only: tuple[str, ...]
    same: str


class Screen:
    """Entries that names are compared with; their words are weighed once."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._forms = [
            (entry, name, form, _bigrams("".join(form.folded)))
            for entry in self.entries
            for name in entry.names()
            if (form := form_of(name)).words
        ]
        self._counts = Counter(word for _, _, form, _ in self._forms for word in set(form.folded))

    def hits(self, name: str, least: int = LIKELY, most: int = 20) -> list[Hit]:
        """The entries that a name is like, the likest first, each by its likest name.

        Args:
            name: As it is written.
            least: The least score, 0 to 1,000.
            most: How many at most.
        """
        asked = form_of(name)
        if not asked.words:
            return []
        best: dict[int, Hit] = {}
        own = _bigrams("".join(asked.folded))
        for entry, listed, form, theirs in self._forms:
            letters = _letters(own, theirs)
            if _WORDS * 1000 + _LETTERS * letters < least * 1000:
                continue
            hit = self._compare(name, asked, entry, listed, form, letters, least)
            known = best.get(id(entry))
            if hit is not None and (known is None or hit.score > known.score):
                best[id(entry)] = hit
        return sorted(best.values(), key=lambda hit: (-hit.score, hit.entry.name, hit.entry.entry_index))[
            :most
        ]

    def _compare(
        self, name: str, asked: Form, entry: Entry, listed: str, form: Form, letters: int, least: int
    ) -> Hit | None:
        kind = "name" if listed == entry.name else "alias"
        if asked.folded == form.folded:
            same = "exact" if name == listed else "form" if asked.words == form.words else "spelling"
            pairs = [(at, at, 1000) for at in range(len(asked.words))]
            return Hit(entry, listed, kind, 1000, 1000, 1000, self._told(asked, form, pairs), (), (), same)
        pairs = _paired(asked.folded, form.folded)
        paired = sum(
            alike * (self._weight(asked.folded[a]) + self._weight(form.folded[b])) for a, b, alike in pairs
        )
        whole = sum(map(self._weight, (*asked.folded, *form.folded)))
        words = paired // whole
        score = (_WORDS * words + _LETTERS * letters) // 1000
        if score < least:
            return None
        used, met = {a for a, _, _ in pairs}, {b for _, b, _ in pairs}
        return Hit(
            *(entry, listed, kind, score, words, letters, self._told(asked, form, pairs)),
            tuple(word for at, word in enumerate(asked.words) if at not in used),
            tuple(word for at, word in enumerate(form.words) if at not in met),
            "",
        )

    def _told(self, asked: Form, form: Form, pairs: Sequence[tuple[int, int, int]]) -> tuple[Pair, ...]:
        return tuple(
            Pair(asked.words[a], form.words[b], alike, self._weight(form.folded[b])) for a, b, alike in pairs
        )

    def _weight(self, word: str) -> int:
        """A rare word weighs more: by how often the list halves until so few entries have it."""
        return 1 + (len(self._forms) // (1 + self._counts.get(word, 0))).bit_length()


def _paired(asked: Sequence[str], listed: Sequence[str]) -> list[tuple[int, int, int]]:
    """Words paired greedily, the most alike first; each at most once."""
    found = sorted(
        (
            (-alike, a, b)
            for a, first in enumerate(asked)
            for b, second in enumerate(listed)
            if (alike := _alike(first, second)) >= _LEAST_ALIKE
        )
    )
    pairs: dict[int, tuple[int, int, int]] = {}
    met: set[int] = set()
    for negative, a, b in found:
        if a not in pairs and b not in met:
            pairs[a] = (a, b, -negative)
            met.add(b)
    return [pairs[a] for a in sorted(pairs)]


def _alike(first: str, second: str) -> int:
    """How alike two words are, in thousandths; short words are the same or not."""
    if first == second:
        return 1000
    if min(len(first), len(second)) < (2 if is_han(first) else 4):
        return 0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    size = sum(block.size for block in matcher.get_matching_blocks())
    return 2000 * size // (len(first) + len(second))


def _letters(one: frozenset[str], two: frozenset[str]) -> int:
    """Dice of the pairs of neighbouring letters, in thousandths."""
    return 2000 * len(one & two) // (len(one) + len(two))


def _bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters, the second of one pair told from the first: ``an`` and ``an2``."""
    counts = Counter(text[at : at + 2] for at in range(max(1, len(text) - 1)))
    return frozenset(f"{pair}{number}" for pair, count in counts.items() for number in range(count))
