"""Names against lists: forms, scores with their reasons, files; against the published lists."""

import json
import re
from pathlib import Path

import pytest

from ledger.errors import TableInvalid
from ledger.screening.comparing import LIKELY, Entry, Screen
from ledger.screening.files import read_list
from ledger.screening.names import form_of

LISTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "screening"
REAL = (
    LISTS / "cn_control_and_attention_lists.json",
    LISTS / "us_csl_sample.csv",
    LISTS / "us_csl_newformat_sample.csv",
)
LETTERS = re.compile(r"[A-Za-z]{5}")
needs_lists = pytest.mark.skipif(
    not all(path.is_file() for path in REAL), reason="the published lists lie outside of the project"
)


def screen(*names: str, aliases: tuple[str, ...] = ()) -> Screen:
    return Screen(
        Entry(name, aliases if not at else (), "", "list", f"list-{at}", 0, None, at)
        for at, name in enumerate(names)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Example Arms Works Co., Ltd.", "EXAMPLE ARMS WORKS"),
        ("Müller & Söhne GmbH", "MULLER AND SOHNE"),
        ("S.M.E. Bank", "SME Bank JSC"),
        ("ＡＢＣ Ｍｏｔｏｒｓ", "abc motors"),
        ("国际海洋工程公司", "國際海洋工程有限公司"),
        ("株式会社東芝電機", "东芝电机株式会社"),
        ("ОАО «Ромашка»", "Romashka"),
    ],
)
def test_two_ways_to_write_one_name_are_one_form(one: str, other: str) -> None:
    assert form_of(one).folded == form_of(other).folded


@pytest.mark.parametrize(
    ("one", "other"),
    [("EKSPERIMENTALNY", "Eksperimentalniy"), ("Khimki", "Himki"), ("Wolga", "Volga"), ("Alexei", "Aleksei")],
)
def test_spellings_of_a_transliteration_are_folded(one: str, other: str) -> None:
    assert form_of(one).words != form_of(other).words
    assert form_of(one).folded == form_of(other).folded


def test_a_legal_form_alone_is_a_name_still() -> None:
    assert form_of("Company Limited").words == ("company", "limited")
    assert form_of("...").words == ()


@pytest.mark.parametrize(
    ("name", "score", "same"),
    [
        ("Northern Falcon Industries", 1000, "exact"),
        ("NORTHERN FALCON INDUSTRIES, LTD.", 1000, "form"),
        ("Northern Falkon Industries", 1000, "spelling"),
        ("Northern Falcon Industry", 959, ""),
    ],
)
def test_a_score_says_why(name: str, score: int, same: str) -> None:
    (hit,) = screen("Northern Falcon Industries", "Eastern Wool Industries").hits(name)
    assert (hit.score, hit.same) == (score, same)
    assert hit.entry.reference == "list-0"
    assert hit.score == (650 * hit.words + 350 * hit.letters) // 1000
    assert [pair.listed for pair in hit.pairs] == ["northern", "falcon", "industries"]


@pytest.mark.parametrize(
    "name",
    [
        "Southern Sparrow Industries",
        "Northern Industries",
        "Falcon",
        "Industries",
        "Ltd.",
        "...",
        "北方工业",
        "Falcon Northern Wool Mills of the East",
    ],
)
def test_other_names_are_no_hit(name: str) -> None:
    assert screen("Northern Falcon Industries", "Eastern Wool Industries").hits(name) == []


def test_an_alias_says_that_it_is_one() -> None:
    (hit,) = screen("Oceanworks", aliases=("国际海洋工程公司",)).hits("国际海洋工程有限公司")
    assert (hit.name, hit.name_kind, hit.same) == ("国际海洋工程公司", "alias", "form")


CSV = (
    "_id,source,entity_number,type,programs,name,title,addresses,start_date,alt_names,dates_of_birth\n"
    '1,Entity List (EL) - Bureau,1,Entity,,Arms Works,,"1 Road, Town, RU",2024-05-01,ARMS; WORKS OAO,\n'
    "2,Entity List (EL) - Bureau,2,Individual,,A. PERSON,,,,,1970\n"
    "3,Entity List (EL) - Bureau,3,Entity,,B. PERSON,,,,,1971-01-01\n"
    "4,Entity List (EL) - Bureau,4,Vessel,,SHIP,,,,,\n"
    "5,Other List - Bureau,5,,,Arms Works,,,2023-01-01,ARMS WORKS PLANT,\n"
)


def test_a_file_gives_organisations_and_refuses_natural_persons() -> None:
    found = read_list(CSV.encode())
    (works,) = found.organisations
    assert (works.name, works.country, works.control_list) == ("Arms Works", "RU", "entity-list-el")
    assert works.aliases == ("ARMS", "WORKS OAO", "ARMS WORKS PLANT")
    assert works.start == "2023-01-01"
    assert [why for _, why in found.left_out] == [
        "no organisation: Individual",
        "a natural person's data",
        "no organisation: Vessel",
    ]
    assert "PERSON" not in json.dumps(found.left_out)


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"[1]", b"[{}]", b"{", b'{"entity_name": "x"}', b"\xff\xfe", b"[" * 9999]
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(TableInvalid):
        read_list(content)


# --- The published lists ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Screen:
    read = [organisation for path in REAL for organisation in read_list(path.read_bytes()).organisations]
    return Screen(
        Entry(each.name, each.aliases, "", each.control_list, each.reference, 0, None, at)
        for at, each in enumerate(read)
    )


@needs_lists
def test_the_published_lists_are_read() -> None:
    read = {path.name: read_list(path.read_bytes()) for path in REAL}
    counts = {name: (len(each.organisations), len(each.left_out)) for name, each in read.items()}
    assert counts == {
        "cn_control_and_attention_lists.json": (198, 0),
        "us_csl_sample.csv": (46, 2),
        "us_csl_newformat_sample.csv": (3, 0),
    }


@needs_lists
def test_every_listed_name_is_found_however_it_is_written(real: Screen) -> None:
    missed = []
    for number, entry in enumerate(real.entries[::5]):
        for name in entry.names():
            ways = (name.casefold(), name.upper(), name.replace(",", " ").replace(" ", "  "), f"{name} Ltd.")
            way = ways[number % len(ways)]
            if not any(hit.entry.name == entry.name for hit in real.hits(way) if hit.score == 1000):
                missed.append((entry.name, way))
    assert missed == []


@needs_lists
def test_one_wrong_letter_is_found_and_neighbours_are_not_taken_for_it(real: Screen) -> None:
    asked = found = 0
    for entry in real.entries[::5]:
        at = max((match.start() for match in LETTERS.finditer(entry.name)), default=0) + 2
        if entry.name.isascii() and len(entry.name) >= 12:
            asked += 1
            wrong = f"{entry.name[:at]}{'q' if entry.name[at] != 'q' else 'b'}{entry.name[at + 1 :]}"
            found += any(hit.entry is entry for hit in real.hits(wrong))
    assert found >= asked * 85 // 100


@needs_lists
@pytest.mark.parametrize(
    "name",
    [
        "Northern Rare Earth Group",
        "中国稀土集团有限公司",
        "Lynas Rare Earths Ltd",
        "Vacuumschmelze GmbH & Co. KG",
        "Neo Performance Materials",
        "Volkswagen AG",
        "Proterial, Ltd.",
        "Valeo SA",
        "Technology Company Limited",
        "Aerospace Holdings Inc.",
        "Defense Technologies",
        "Toyota Motor Corporation",
        "青岛啤酒股份有限公司",
        "Siemens Energy",
        "General Electric Company",
    ],
)
def test_honest_neighbours_are_no_hit(real: Screen, name: str) -> None:
    assert real.hits(name, LIKELY) == []
