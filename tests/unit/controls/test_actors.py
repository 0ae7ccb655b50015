"""actor.unlisted, actor.role, name.foreign."""

import itertools
from dataclasses import replace

import pytest

from ledger.movements.movement import Line
from ledger.records.oversight import DelegationRecord, MergerRecord
from ledger.statements.registers import Listing, PrefixRecord
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    Court,
    accepted,
    flags,
    name,
    out,
    party,
    refusals,
    site,
)

SCRAP = "magnet-scrap"
ORE = {"La": 30 * KG, "Ce": 50 * KG, "Nd": 20 * KG}


def ore(firm: str = "mine", thing: str = "lot/1") -> tuple[object, ...]:
    return (out(name(firm, thing), 200 * KG, ORE, "rock-ore"),)


def listed(court: Court, *spans: Listing, of_site: bool = False) -> None:
    if of_site:
        court.facts.put(replace(court.facts.sites[site("mine")], listings=spans))
    else:
        court.facts.put(replace(court.facts.parties[party("mine")], listings=spans))


@pytest.mark.parametrize("of_site", [False, True])
def test_a_listed_party_at_a_listed_site_may_extract(of_site: bool) -> None:
    court = Court()
    at_us = court.now_us - HOUR_US
    listed(court, Listing(at_us, at_us + 1), of_site=of_site)
    assert flags(court.file("extract", "mine", outputs=ore())) == []


@pytest.mark.parametrize("of_site", [False, True])
@pytest.mark.parametrize(("start", "end"), [(1, None), (-2, 0), (-2, -1)])
def test_what_is_not_listed_at_the_time_is_refused(of_site: bool, start: int, end: int | None) -> None:
    court = Court()
    at_us = court.now_us - HOUR_US
    listed(court, Listing(at_us + start, None if end is None else at_us + end), of_site=of_site)
    assert refusals(court.file("extract", "mine", outputs=ore())) == ["actor.unlisted"]


def test_an_unknown_site_is_refused() -> None:
    found = Court().file("extract", "mine", outputs=ore(), site="https://mine.example/elsewhere")
    assert refusals(found) == ["actor.unlisted"]


def test_the_time_of_the_event_counts_not_that_of_its_recording() -> None:
    court = Court()
    listed(court, Listing(0, court.now_us - HOUR_US))
    accepted(court.file("extract", "mine", outputs=ore(), at_us=court.now_us - 2 * HOUR_US))


@pytest.mark.parametrize(
    ("firm", "product"), [("plant", "rock-ore"), ("trader", "rock-ore"), ("mine", SCRAP)]
)
def test_only_miners_extract_ore(firm: str, product: str) -> None:
    lines = (out(name(firm, "lot/1"), 200 * KG, ORE, product),)
    assert refusals(Court().file("extract", firm, outputs=lines)) == ["actor.role"]


def test_scrap_comes_into_the_books_at_a_recycler() -> None:
    lines = (out(name("recycler", "lot/1"), 200 * KG, {"Nd": 50 * KG}, SCRAP),)
    assert flags(Court().file("extract", "recycler", outputs=lines)) == []


@pytest.mark.parametrize(
    ("product", "found"),
    [
        ("rock-ore", []),
        ("bastnaesite-concentrate", []),
        ("mixed-carbonate", []),
        ("la-oxide", ["actor.role"]),
        ("nd-metal", ["actor.role"]),
        ("ndfeb-magnet", ["actor.role"]),
    ],
)
def test_a_mine_extracts_no_finished_goods(product: str, found: list[str]) -> None:
    lines = (out(name("mine", "lot/1"), 200 * KG, ORE, product),)
    filed = Court().file("extract", "mine", outputs=lines)
    assert refusals(filed) == found


@pytest.mark.parametrize("firm", ["combine", "mine"])
def test_other_roles_add_nothing_to_what_is_extracted_but_scrap(firm: str) -> None:
    court = Court()
    court.enrol("combine", ("miner", "separator", "smelter", "magnet_maker"))
    both = [out(name(firm, f"lot/{product}"), 200 * KG, ORE, product) for product in ("rock-ore", SCRAP)]
    found = refusals(court.file("extract", firm, outputs=tuple(both)))
    assert found == ([] if firm == "combine" else ["actor.role"])
    made = [out(name(firm, each), 200 * KG, ORE, each) for each in ("mixed-oxide", "ndfeb-magnet")]
    assert refusals(court.file("extract", firm, outputs=tuple(made))) == ["actor.role"]


@pytest.mark.parametrize("firm", ["recycler", "motors", "magnets"])
def test_who_gathers_scrap_extracts_nothing_else(firm: str) -> None:
    court, masses = Court(), {"Nd": 50 * KG}
    assert flags(court.file("extract", firm, outputs=(out(name(firm, "1"), 90 * KG, masses, SCRAP),))) == []
    oxide = (out(name(firm, "2"), 90 * KG, masses, "nd-oxide"),)
    assert refusals(court.file("extract", firm, outputs=oxide)) == ["actor.role"]


def test_a_separator_may_not_make_metal() -> None:
    court = Court()
    lot = court.extract("plant", "lot/1", {"Nd": 10 * KG}, "nd-oxide")
    lines = (out(name("plant", "lot/2"), 9 * KG, {"Nd": 9 * KG + KG // 2}, "nd-metal"),)
    found = court.file(
        "process", "plant", inputs=(Line(lot, 20 * KG),), outputs=lines, process="electrolysis"
    )
    assert refusals(found) == ["actor.role"]


def test_a_trader_repacks_and_does_not_transform() -> None:
    court = Court()
    lot = court.extract("trader", "lot/1", {"Nd": 10 * KG}, "nd-oxide")
    same = (out(name("trader", "lot/2"), 10 * KG, {"Nd": 5 * KG}, "nd-oxide"),)
    assert (
        flags(court.file("process", "trader", inputs=(Line(lot, 10 * KG),), outputs=same, process="packing"))
        == []
    )
    metal = (out(name("trader", "lot/3"), 10 * KG, {"Nd": 5 * KG}, "nd-metal"),)
    found = court.file("process", "trader", inputs=(Line(lot, 10 * KG),), outputs=metal, process="packing")
    assert refusals(found) == ["actor.role"]


@pytest.mark.parametrize(
    ("firm", "fed", "product", "found"),
    [
        ("plant", "mixed-carbonate", "nd-oxide", []),
        ("plant", "mixed-carbonate", SCRAP, []),
        ("store", "nd-oxide", "nd-oxide", []),
        ("store", "mixed-carbonate", "nd-oxide", ["actor.role"]),
        ("plant", "mixed-carbonate", "nd-metal", ["actor.role"]),
        ("mine", "mixed-carbonate", "nd-oxide", ["actor.role"]),
    ],
)
def test_a_pool_gives_what_the_role_makes_or_what_went_in(
    firm: str, fed: str, product: str, found: list[str]
) -> None:
    court = Court()
    lot = court.extract(firm, "lot/1", {"Nd": 10 * KG}, fed)
    pool = {"pool": name(firm, "pool/1"), "process": "blending"}
    accepted(court.file("feed", firm, inputs=(Line(lot, 20 * KG),), **pool))
    lines = (out(name(firm, "lot/2"), 9 * KG, {"Nd": 9 * KG}, product),)
    assert refusals(court.file("draw", firm, outputs=lines, **pool)) == found


def test_what_was_ever_fed_may_be_drawn() -> None:
    court = Court()
    pool = {"pool": name("store", "pool/1"), "process": "blending"}
    for product in ("nd-oxide", "mixed-carbonate"):
        lot = court.extract("store", product, {"Nd": 10 * KG}, product)
        accepted(court.file("feed", "store", inputs=(Line(lot, 20 * KG),), **pool))
    lines = (out(name("store", "lot/2"), 9 * KG, {"Nd": 9 * KG}, "nd-oxide"),)
    assert refusals(court.file("draw", "store", outputs=lines, **pool)) == []


def test_goods_are_released_to_a_published_user_only() -> None:
    court = Court()
    lot = court.extract("magnets", "lot/1", {"Nd": 10 * KG}, "ndfeb-magnet")
    common = {"inputs": (Line(lot, 5 * KG),)}
    assert flags(court.file("release", "magnets", custodian_to=party("motors"), **common)) == []
    found = court.file("release", "magnets", custodian_to="https://nobody.example/party", **common)
    assert refusals(found) == ["actor.role"]


@pytest.mark.parametrize(
    "lot",
    [
        name("plant", "lot/1"),
        "https://nobody.example/lot/1",
        "https://mine.example.evil.example/lot/1",
        "urn:epc:class:lgtin:4012345.012345.1",
    ],
)
def test_a_lot_under_anothers_name_is_refused(lot: str) -> None:
    found = Court().file("extract", "mine", outputs=(out(lot, 200 * KG, ORE, "rock-ore"),))
    assert refusals(found) == ["name.foreign"]


def test_a_company_prefix_holds_its_keys() -> None:
    court = Court()
    court.facts.put(PrefixRecord("4012345", party("mine"), 0))
    lot = "https://id.gs1.org/01/04012345123456/10/A"
    assert flags(court.file("extract", "mine", outputs=(out(lot, 200 * KG, ORE, "rock-ore"),))) == []


def test_work_at_anothers_site_is_refused() -> None:
    found = Court().file("extract", "mine", outputs=ore(), site=site("plant"))
    assert refusals(found) == ["name.foreign"]


def test_a_unit_is_packed_under_ones_own_name() -> None:
    court = Court()
    lot = court.extract("mine", "lot/1", ORE, "rock-ore")
    lines = (Line(lot, KG),)
    assert flags(court.file("pack", "mine", parent=name("mine", "unit/1"), inputs=lines)) == []
    found = court.file("pack", "mine", parent=name("plant", "unit/1"), inputs=lines)
    assert refusals(found) == ["name.foreign"]


def test_an_import_may_keep_a_foreign_suppliers_name_but_not_a_partys() -> None:
    court = Court()
    line = out("https://supplier.example/lot/1", 20 * KG, {"Nd": 10 * KG}, "nd-oxide")
    assert flags(court.file("import", "trader", outputs=(line,), origin="MM")) == []
    taken = out(name("mine", "lot/1"), 20 * KG, {"Nd": 10 * KG}, "nd-oxide")
    assert refusals(court.file("import", "trader", outputs=(taken,), origin="MM")) == ["name.foreign"]


def test_a_filing_agent_records_for_its_principal_and_only_while_delegated() -> None:
    court = Court()
    court.books.put(DelegationRecord(party("mine"), party("trader"), 0, court.now_us + 1, 0))
    said = {"outputs": ore(), "site": site("mine"), "custodian_to": party("mine")}
    assert flags(court.file("extract", "trader", **said)) == []
    court.now_us += DAY_US
    assert "actor.role" in refusals(
        court.file("extract", "trader", **{**said, "outputs": ore(thing="lot/2")})
    )


def test_a_successor_keeps_the_names_and_sites() -> None:
    court = Court()
    court.enrol("group", ("miner",))
    found = {"outputs": ore(), "site": site("mine")}
    assert refusals(court.file("extract", "group", **found)) == ["name.foreign", "name.foreign"]
    court.books.put(MergerRecord(party("mine"), party("group"), 0, 0))
    assert flags(court.file("extract", "group", **found)) == []


@pytest.mark.parametrize(("later_us", "codes"), [(-1, []), (0, []), (1, ["name.foreign", "name.foreign"])])
@pytest.mark.parametrize("late", [0, 1])
def test_a_successors_successor_does_so_once_both_mergers_have_begun(
    late: int, later_us: int, codes: list[str]
) -> None:
    court = Court()
    for firm in ("group", "holding"):
        court.enrol(firm, ("miner",))
    line = ("mine", "group", "holding")
    for place, (gone, successor) in enumerate(itertools.pairwise(line)):
        since_us = court.now_us + later_us if place == late else 0
        court.books.put(MergerRecord(party(gone), party(successor), since_us, 0))
    found = {"outputs": ore(), "site": site("mine")}
    assert refusals(court.file("extract", "holding", **found)) == codes


def test_policy_may_let_it_pass_with_an_alert() -> None:
    court = Court()
    court.set_policy(rules={"name.foreign": {"action": "flag"}})
    found = court.file("extract", "mine", outputs=(out("https://nobody.example/1", 9 * KG, ORE, "rock-ore"),))
    assert flags(found) == ["name.foreign"]
    court.set_policy(rules={"name.foreign": {"action": "off"}})
    found = court.file("extract", "mine", outputs=(out("https://nobody.example/2", 9 * KG, ORE, "rock-ore"),))
    assert flags(found) == []
