"""Names of organisations in a form that can be compared, whatever their alphabet and legal form.

Decides: what two names have in common once case, accents, width, punctuation and legal form are left out, and
which letters of transliterations count as the same. Chinese, Japanese and Korean names are compared by their
characters; they are not read aloud, so a Chinese name meets a Latin one only through an alias.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_FORMS: Final = frozenset(
    [
        "ag",
        "ao",
        "as",
        "aktiengesellschaft",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gesellschaft",
        "gmbh",
        "inc",
        "incorporated",
        "jsc",
        "kg",
        "kk",
        "limited",
        "liability",
        "llc",
        "llp",
        "lp",
        "ltd",
        "mbh",
        "nv",
        "oao",
        "ooo",
        "oy",
        "pao",
        "pjsc",
        "plc",
        "pte",
        "pty",
        "pvt",
        "private",
        "public",
        "sa",
        "sarl",
        "sas",
        "sl",
        "spa",
        "srl",
        "stock",
        "zao",
        "joint",
        "open",
        "closed",
        "aktsionernoe",
        "obshchestvo",
        "otkrytoe",
        "zakrytoe",
        "publichnoe",
        "the",
        "of",
        "and",
        "y",
        "de",
        "et",
        "und",
        "i",
    ]
)
"""Words that say what kind of firm it is, or nothing: of them alone no name is made."""
_SUFFIXES: Final = (
    "股份有限公司",
    "有限责任公司",
    "集团有限公司",
    "有限会社",
    "有限公司",
    "株式会社",
    "株式會社",
    "股份公司",
    "公司",
    "会社",
)
_CYRILLIC: Final = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True)),
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "yu",
        "я": "ya",
        "ё": "e",
        "ъ": "",
        "ь": "",
        "і": "i",
        "ї": "i",
        "є": "e",
        "ґ": "g",
    }
)
_SAME: Final = (
    ("shch", "sh"),
    ("kh", "h"),
    ("zh", "j"),
    ("ph", "f"),
    ("ck", "k"),
    ("x", "ks"),
    ("tz", "ts"),
    ("w", "v"),
    ("iy", "i"),
    ("ij", "i"),
    ("yi", "i"),
    ("y", "i"),
    ("ou", "u"),
    ("ee", "i"),
    ("c", "k"),
    ("q", "k"),
)
"""Spellings of transliterations that count as the same, one after the other."""
_HAN: Final = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_WORD: Final = re.compile(r"[a-z0-9]+|[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_TRADITIONAL: Final = str.maketrans(
    "國際電東車龍廣華業團萬機軍製學會衞戰導彈鐵鋼進術實雲",
    "国际电东车龙广华业团万机军制学会卫战导弹铁钢进术实云",
)
_JAPANESE: Final = str.maketrans(
    "気対図発電戦鉄広竜専応験売読駅薬検総価変単収経済県圧悪塩",
    "气对图发电战铁广龙专应验卖读驿药检总价变单收经济县压恶盐",
)


@dataclass(frozen=True, slots=True)
class Form:
    """A name made comparable.

    Attributes:
        words: Of the name without its legal form, in order; Han names are words of their characters.
        folded: The same with spellings of transliterations made alike.
    """

    words: tuple[str, ...]
    folded: tuple[str, ...]

    @property
    def text(self) -> str:
        """The words with one space between them."""
        return " ".join(self.words)


@lru_cache(maxsize=20_000)
def form_of(name: str) -> Form:
    """The comparable form of a name; empty where nothing of it is a letter or a digit."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ").replace("'", "")
    text = text.translate(_CYRILLIC).translate(_TRADITIONAL).translate(_JAPANESE)
    text = "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn")
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<=\b[a-z])\.(?=[a-z]\b)", "", text)  # S.A. is SA
    words: list[str] = []
    for word in _WORD.findall(text):
        if _HAN.match(word):
            for suffix in _SUFFIXES:
                if word.endswith(suffix) and len(word) > len(suffix):
                    word = word.removesuffix(suffix)
                    break
            words.append(word.removeprefix("株式会社"))
        else:
            words.append(word)
    kept = [word for word in words if word not in _FORMS] or words
    return Form(tuple(kept), tuple(fold(word) for word in kept))


def fold(word: str) -> str:
    """A word with spellings of transliterations made alike and doubled letters single."""
    if _HAN.match(word):
        return word
    for spelling, same in _SAME:
        word = word.replace(spelling, same)
    return re.sub(r"([a-z])\1+", r"\1", word)


def is_han(word: str) -> bool:
    """Whether a word is written in characters."""
    return _HAN.match(word) is not None
