"""quota.nearing and quota.exceeded: what draws on which allotment, and what a correction gives back."""

import pytest

from ledger.controls.act_alerts import open_alerts
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.allotments import drawn_mg
from ledger.records.oversight import PUBLISHED_QUOTAS, AlertRecord, CaseRecord, QuotaRecord, TallyRecord
from ledger.statements.acts import ActContext
from ledger.statements.acts.allot_quota import AllotQuota
from tests.support.court import DAY_US, HOUR_US, KG, Court, accepted, flags, name, out, party, site

ORE = {"La": 60 * KG, "Nd": 40 * KG}
YEAR = 2026


def allot(court: Court, firm: str, activity: str, kg: int, ore_class: str = "any", year: int = YEAR) -> None:
    court.books.put(QuotaRecord(party(firm), year, activity, ore_class, kg * KG, 0, 0))
    court.books.put(TallyRecord(PUBLISHED_QUOTAS, activity, str(year), {"entry_index": 0}))


def drawn(court: Court, firm: str, activity: str, ore_class: str = "any", year: int = YEAR) -> int:
    record = court.books.get(QuotaRecord, party(firm), year, activity, ore_class)
    assert record is not None
    assert record.drawn_mg == drawn_mg(court.books, party(firm), year, activity, ore_class)
    return record.drawn_mg // KG


def mine(court: Court, kg: int, product: str = "mixed-concentrate", **members: object) -> Recorded:
    number = court.index
    line = out(name("mine", f"lot/{number}"), 2 * kg * KG, {"La": kg * KG}, product)
    return court.file("extract", "mine", outputs=(line,), **members)


@pytest.mark.parametrize(
    ("kg", "found"),
    [
        (89, []),
        (90, ["quota.nearing"]),
        (100, ["quota.nearing"]),
        (101, ["quota.exceeded"]),
    ],
)
def test_an_allotment_is_nearly_used_and_then_exceeded(kg: int, found: list[str]) -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, kg)) == found
    assert drawn(court, "mine", "mining") == kg


def test_it_is_told_once_and_every_lot_beyond_it_is_tainted() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 95)) == ["quota.nearing"]
    assert flags(mine(court, 1)) == []
    assert flags(mine(court, 10)) == ["quota.exceeded"]
    assert flags(mine(court, 10)) == []
    tainted = [
        lot.lot for lot in court.books.records(type(court.lot(name("mine", "lot/1")))) if lot.tainted_by
    ]
    assert tainted == [name("mine", "lot/3"), name("mine", "lot/4")]


def test_a_case_opens_with_what_is_beyond_it_and_with_no_other() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 95)) == ["quota.nearing"]
    assert court.books.records(CaseRecord) == []
    (told,) = mine(court, 10).alerts
    (case,) = court.books.records(CaseRecord)
    assert (told.case, case.alerts) == (case.case, ((told.entry_index, told.number),))
    assert court.alerts("quota.exceeded") == [told]
    assert flags(mine(court, 10)) == []
    assert court.books.records(CaseRecord) == [case]


def test_it_opens_anew_once_the_alert_is_closed() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 95)) == ["quota.nearing"]
    alert = court.alerts("quota.nearing")[0]
    court.books.put(
        AlertRecord(**{**{f: getattr(alert, f) for f in type(alert).__slots__}, "state": "closed"})
    )
    assert flags(mine(court, 1)) == ["quota.nearing"]


def test_every_year_has_its_own_by_the_authoritys_calendar() -> None:
    court = Court()
    court.now_us += 125 * DAY_US
    allot(court, "mine", "mining", 100)
    allot(court, "mine", "mining", 100, year=2027)
    turn = 1_798_732_800_000_000  # 2026-12-31T16:00:00Z
    assert flags(mine(court, 80, at_us=turn - 1)) == []
    assert flags(mine(court, 80, at_us=turn)) == []
    assert (drawn(court, "mine", "mining"), drawn(court, "mine", "mining", year=2027)) == (80, 80)


def test_before_any_allotment_is_published_nobody_is_judged_and_all_is_counted() -> None:
    court = Court()
    assert flags(mine(court, 500)) == []
    allot(court, "mine", "mining", 100)
    assert flags(mine(court, 1)) == ["quota.exceeded"]


@pytest.mark.parametrize(
    ("activity", "year", "found"),
    [("mining", YEAR, ["quota.exceeded"]), ("mining", YEAR + 1, []), ("separation", YEAR, [])],
)
def test_who_is_left_out_of_published_allotments_has_none(activity: str, year: int, found: list[str]) -> None:
    court = Court()
    allot(court, "plant", activity, 1000, year=year)
    assert flags(mine(court, 1)) == found
    assert (court.lot(name("mine", "lot/1")).tainted_by is not None) == bool(found)
    assert flags(mine(court, 1)) == []
    assert (court.lot(name("mine", "lot/2")).tainted_by is not None) == bool(found)


@pytest.mark.parametrize(
    ("product", "found"),
    [
        ("mixed-concentrate", []),
        ("mixed-carbonate", []),  # of no class: the mine's only one
        ("rock-ore", []),
        ("magnet-scrap", []),
        ("ionic-concentrate", ["quota.exceeded"]),
    ],
)
def test_an_allotment_of_one_class_is_none_of_the_other(product: str, found: list[str]) -> None:
    court = Court()
    court.enrol("mine", ("miner", "recycler"))
    allot(court, "mine", "mining", 1000, "rock")
    assert flags(mine(court, 10, product)) == found
    assert drawn(court, "mine", "mining", "rock") == (10 if product.startswith("mixed") else 0)


@pytest.mark.parametrize(
    ("product", "ore_class"),
    [("mixed-concentrate", "rock"), ("ionic-concentrate", "ionic"), ("mixed-carbonate", "ionic")],
)
def test_classes_of_ore_are_counted_apart(product: str, ore_class: str) -> None:
    court = Court()
    for each in ("rock", "ionic"):
        allot(court, "mine", "mining", 1000, each)
    accepted(mine(court, 10, product))
    assert {each: drawn(court, "mine", "mining", each) for each in ("rock", "ionic")} == {
        "rock": 10 * (ore_class == "rock"),
        "ionic": 10 * (ore_class == "ionic"),
    }


def test_the_mines_listing_says_its_class_where_the_product_does_not() -> None:
    court = Court()
    court.enrol("mine", ("miner",), ore_class="rock")
    allot(court, "mine", "mining", 1000, "rock")
    accepted(mine(court, 10, "mixed-carbonate"))
    assert drawn(court, "mine", "mining", "rock") == 10


def test_ore_counts_with_its_first_mineral_product() -> None:
    court = Court()
    allot(court, "mine", "mining", 1000)
    accepted(mine(court, 100, "rock-ore"))
    assert drawn(court, "mine", "mining") == 0
    lines = (out(name("mine", "conc/1"), 200 * KG, {"La": 80 * KG}, "mixed-concentrate"),)
    ore = Line(name("mine", "lot/1"), None)
    accepted(court.file("process", "mine", inputs=(ore,), outputs=lines, whole=True, process="flotation"))
    assert drawn(court, "mine", "mining") == 80


LA = {"La": 100 * KG}


def dug(court: Court, firm: str, thing: str, product: str = "rock-ore", kind: str = "extract") -> Line:
    """A lot of 100 kg REO in a tonne."""
    court.enrol(firm, ("miner", "separator", "smelter"))
    lot = court.extract(
        firm, thing, LA, product, kind=kind, mass_mg=1000 * KG, origin="MM" * (kind == "import")
    )
    return Line(lot, 1000 * KG)


def made(firm: str, kg: int, product: str) -> tuple[Line, ...]:
    return (out(name(firm, f"made/{product}/{kg}"), 200 * KG, {"La": kg * KG}, product),)


@pytest.mark.parametrize(
    ("kind", "product", "mined", "separated"),
    [
        ("extract", "rock-ore", 0, 0),
        ("extract", "mixed-concentrate", 90, 0),
        ("extract", "mixed-carbonate", 90, 0),
        ("extract", "magnet-scrap", 90, 0),
        ("extract", "la-oxide", 90, 90),
        ("extract", "la-metal", 90, 90),
        ("import", "mixed-concentrate", 0, 0),
        ("import", "la-metal", 0, 90),
        ("opening", "mixed-concentrate", 0, 0),
    ],
)
@pytest.mark.parametrize("pooled", [False, True])
def test_whatever_is_made_of_ore_is_mined(
    kind: str, product: str, mined: int, separated: int, pooled: bool
) -> None:
    court = Court()
    for activity in ("mining", "separation"):
        allot(court, "combine", activity, 1000)
    ore, lines = dug(court, "combine", "ore/1", kind=kind), made("combine", 90, product)
    if pooled:
        pool = {"pool": name("combine", "pool/1"), "process": "flotation"}
        accepted(court.file("feed", "combine", inputs=(ore,), **pool))
        assert drawn(court, "combine", "mining") == 0
        accepted(court.file("draw", "combine", outputs=lines, **pool))
    else:
        accepted(court.file("process", "combine", inputs=(ore,), outputs=lines, process="flotation"))
    assert (drawn(court, "combine", "mining"), drawn(court, "combine", "separation")) == (mined, separated)


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize(
    ("beside", "mined"), [("rock-ore", 160), ("mixed-concentrate", 80), ("la-oxide", 80)]
)
def test_ore_counts_by_its_part_of_what_is_worked(pooled: bool, beside: str, mined: int) -> None:
    court = Court()
    allot(court, "combine", "mining", 1000)
    parts = (dug(court, "combine", "a"), dug(court, "combine", "b", beside, kind="opening"))
    if beside == "rock-ore":
        parts = (parts[0], dug(court, "combine", "c"))
    lines = made("combine", 160, "mixed-carbonate")
    if pooled:
        pool = {"pool": name("combine", "pool/1"), "process": "flotation"}
        for part in parts:
            accepted(court.file("feed", "combine", inputs=(part,), **pool))
        accepted(court.file("draw", "combine", outputs=lines, **pool))
    else:
        accepted(court.file("process", "combine", inputs=parts, outputs=lines, process="flotation"))
    assert drawn(court, "combine", "mining") == mined


@pytest.mark.parametrize(("element", "mined"), [("La", 60), ("Nd", 0), ("Ce", 30)])
def test_an_element_counts_by_the_ore_that_it_was_in_and_an_unexplained_one_by_all_ore(
    element: str, mined: int
) -> None:
    court = Court()
    allot(court, "combine", "mining", 1000)
    gains = ("balance.element-gain", "balance.undeclared-element")
    court.set_policy(rules={each: {"action": "flag"} for each in gains})
    ore = dug(court, "combine", "ore/1")
    other = court.extract("combine", "other/1", {"Nd": 100 * KG}, "mixed-concentrate")
    parts = (ore, Line(other, 200 * KG))
    line = out(name("combine", "made/1"), 200 * KG, {element: 60 * KG}, "mixed-carbonate")
    accepted(court.file("process", "combine", inputs=parts, outputs=(line,), process="flotation"))
    assert drawn(court, "combine", "mining") == mined


def test_ore_leaves_a_pool_once() -> None:
    court = Court()
    allot(court, "combine", "mining", 1000)
    pool = {"pool": name("combine", "pool/1"), "process": "flotation"}
    accepted(court.file("feed", "combine", inputs=(dug(court, "combine", "ore/1"),), **pool))
    accepted(court.file("draw", "combine", outputs=made("combine", 60, "mixed-concentrate"), **pool))
    accepted(court.file("draw", "combine", outputs=made("combine", 10, "rock-ore"), **pool))
    assert drawn(court, "combine", "mining") == 60
    accepted(court.file("close", "combine", pool=pool["pool"], measured_mg={"La": 10 * KG}))
    other = dug(court, "combine", "other/1", "mixed-concentrate", kind="opening")
    accepted(court.file("feed", "combine", inputs=(other,), **pool))
    accepted(court.file("draw", "combine", outputs=made("combine", 55, "mixed-concentrate"), **pool))
    assert drawn(court, "combine", "mining") == 65
    accepted(court.file("draw", "combine", outputs=made("combine", 54, "mixed-concentrate"), **pool))
    assert drawn(court, "combine", "mining") == 69  # 9.9 kg of the ten, in whole kilograms


@pytest.mark.parametrize("undone", ["feed", "draw", "both"])
def test_a_correction_puts_ore_back_into_its_pool(undone: str) -> None:
    court = Court()
    allot(court, "combine", "mining", 1000)
    pool = {"pool": name("combine", "pool/1"), "process": "flotation"}
    ore = dug(court, "combine", "ore/1")
    half = {"inputs": (Line(ore.lot, 500 * KG),), **pool}
    first = {"outputs": made("combine", 40, "mixed-concentrate"), **pool}
    accepted(court.file("feed", "combine", event_id="urn:fed", **half))
    accepted(court.file("draw", "combine", event_id="urn:drawn", **first))
    if undone in ("draw", "both"):
        again = {**first, "outputs": (out(first["outputs"][0].lot, 99 * KG, {"La": 20 * KG}, "la-oxide"),)}
        accepted(court.file("draw", "combine", event_id="urn:again", corrects="urn:drawn", **again))
        assert drawn(court, "combine", "mining") == 20
    if undone in ("feed", "both"):
        more = {"inputs": (ore,), **pool}
        accepted(court.file("feed", "combine", event_id="urn:more", corrects="urn:fed", **more))
    left = 100 * (undone != "draw") + 50 * (undone == "draw") - (40 if undone == "feed" else 20)
    accepted(court.file("draw", "combine", outputs=made("combine", left, "mixed-carbonate"), **pool))
    assert drawn(court, "combine", "mining") == (50 if undone == "draw" else 100)


@pytest.mark.parametrize("allotted", [False, True])
def test_ore_that_is_sold_counts_with_whoever_concentrates_it(allotted: bool) -> None:
    court = Court()
    allot(court, "mine", "mining", 1000)
    if allotted:
        allot(court, "dresser", "mining", 1000)
    ore = dug(court, "dresser", "ore/1")
    filed = court.file(
        "process",
        "dresser",
        inputs=(ore,),
        outputs=made("dresser", 90, "mixed-concentrate"),
        process="flotation",
    )
    assert flags(filed) == ([] if allotted else ["quota.exceeded"])
    assert drawn(court, "mine", "mining") == 0
    assert (court.lot(name("dresser", "made/mixed-concentrate/90")).tainted_by is None) == allotted


def test_by_output_what_skips_the_separated_compound_counts_too() -> None:
    court = Court()
    court.set_policy(quota_basis="output")
    allot(court, "combine", "separation", 1000)
    lot = dug(court, "combine", "in/1", "mixed-carbonate", kind="opening")
    lines = (*made("combine", 40, "la-metal"), *made("combine", 50, "la-oxide"))
    accepted(court.file("process", "combine", inputs=(lot,), outputs=lines, process="separation"))
    assert drawn(court, "combine", "separation") == 90


def test_by_output_ore_counts_at_once() -> None:
    court = Court()
    court.set_policy(quota_basis="output")
    allot(court, "mine", "mining", 1000)
    accepted(mine(court, 100, "rock-ore"))
    lines = (out(name("mine", "conc/1"), 200 * KG, {"La": 80 * KG}, "mixed-concentrate"),)
    ore = Line(name("mine", "lot/1"), None)
    accepted(court.file("process", "mine", inputs=(ore,), outputs=lines, whole=True, process="flotation"))
    assert drawn(court, "mine", "mining") == 100


def separate(court: Court, lot: str, thing: str, masses: dict[str, int], process: str = "separation") -> None:
    lines = (out(name("plant", thing), 2 * sum(masses.values()), masses, "lace-oxide"),)
    accepted(
        court.file("process", "plant", inputs=(Line(lot, None),), outputs=lines, whole=True, process=process)
    )


def test_what_is_first_separated_counts_once() -> None:
    court = Court()
    allot(court, "plant", "separation", 1000)
    court.set_policy(rules={"hs.mismatch": {"action": "off"}})
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", kind="import", origin="MM")
    separate(court, lot, "oxide/1", {"La": 97 * KG})
    assert drawn(court, "plant", "separation") == 97
    separate(court, name("plant", "oxide/1"), "oxide/2", {"La": 97 * KG}, "rework")
    assert drawn(court, "plant", "separation") == 97
    assert court.books.get(QuotaRecord, party("plant"), YEAR, "mining", "any") is None


def test_recycled_feed_draws_nothing() -> None:
    court = Court()
    allot(court, "recycler", "separation", 1000)
    lot = court.extract("recycler", "in/1", {"Nd": 100 * KG}, "magnet-scrap", kind="extract")
    lines = (out(name("recycler", "out/1"), 200 * KG, {"Nd": 95 * KG}, "nd-oxide"),)
    filed = court.file(
        "process", "recycler", inputs=(Line(lot, None),), outputs=lines, whole=True, process="scrap-recovery"
    )
    assert flags(filed) == []
    assert drawn(court, "recycler", "separation") == 0


@pytest.mark.parametrize(("roles", "found"), [(("recycler",), []), (("separator",), ["quota.exceeded"])])
def test_a_recycler_needs_no_allotment_for_what_is_not_from_scrap(
    roles: tuple[str, ...], found: list[str]
) -> None:
    court = Court()
    allot(court, "plant", "separation", 1000)
    court.enrol("recycler", roles)
    lot = court.extract("recycler", "in/1", {"Nd": 100 * KG}, "recycled-magnet-oxide")
    lines = (out(name("recycler", "out/1"), 200 * KG, {"Nd": 97 * KG}, "nd-oxide"),)
    filed = court.file(
        "process", "recycler", inputs=(Line(lot, None),), outputs=lines, whole=True, process="separation"
    )
    assert [code for code in flags(filed) if code.startswith("quota")] == found


def test_a_pool_counts_what_is_drawn() -> None:
    court = Court()
    allot(court, "plant", "separation", 50)
    pool = name("plant", "pool/1")
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", kind="import", origin="MM")
    feed = {"pool": pool, "process": "separation"}
    accepted(court.file("feed", "plant", inputs=(Line(lot, None),), whole=True, **feed))
    assert drawn(court, "plant", "separation") == 0
    lines = (out(name("plant", "oxide/1"), 120 * KG, {"La": 51 * KG}, "la-oxide"),)
    assert flags(court.file("draw", "plant", outputs=lines, **feed)) == ["quota.exceeded"]
    assert drawn(court, "plant", "separation") == 51


def test_a_correction_gives_back_what_was_drawn() -> None:
    court = Court()
    allot(court, "mine", "mining", 100)
    event = "urn:event:mined"
    accepted(mine(court, 95, event_id=event))
    again = {"outputs": (out(name("mine", "lot/1"), 80 * KG, {"La": 40 * KG}, "mixed-concentrate"),)}
    accepted(court.file("extract", "mine", event_id="urn:event:mended", corrects=event, **again))
    assert drawn(court, "mine", "mining") == 40
    accepted(
        court.file(
            "extract",
            "mine",
            event_id="urn:event:mended",
            corrects="urn:event:mended",
            did_not_occur=True,
            **again,
        )
    )
    assert drawn(court, "mine", "mining") == 0


def test_the_site_and_hour_helpers_name_the_firm() -> None:
    assert site("mine").startswith("https://mine.example/")
    assert HOUR_US * 24 == DAY_US


# --- An allotment that is published after the draws --------------------------------------------------------


def allotted_by_act(court: Court, kg: int, ore_class: str = "any", year: int = YEAR) -> list[str]:
    """The codes of the alerts that the act opens."""
    act = AllotQuota(party=party("mine"), year=year, activity="mining", ore_class=ore_class, mass=kg * KG)
    context = ActContext(court.index, court.now_us, "https://authority.example/", "", bytes(32), "")
    act.take_effect(context, court.facts)
    opened = open_alerts(act, court.books, court.policy, court.index, court.now_us)
    alerts = [alert for alert in court.books.records(AlertRecord) if alert.entry_index == court.index]
    assert len(alerts) == opened
    assert {alert.party for alert in alerts} <= {party("mine")}
    court.index += 1
    return [alert.code for alert in alerts]


@pytest.mark.parametrize(
    ("kg", "found"),
    [
        (0, ["quota.exceeded"]),
        (99, ["quota.exceeded"]),
        (100, ["quota.nearing"]),
        (111, ["quota.nearing"]),
        (112, []),
        (1000, []),
    ],
)
def test_an_allotment_is_judged_by_what_was_drawn_before_it(kg: int, found: list[str]) -> None:
    court = Court()
    assert flags(mine(court, 100)) == []
    assert allotted_by_act(court, kg) == found
    assert len(court.books.records(CaseRecord)) == found.count("quota.exceeded")
    assert drawn(court, "mine", "mining") == 100
    assert not court.lot(name("mine", "lot/1")).tainted_by


@pytest.mark.parametrize(
    ("kg", "ore_class", "year"), [(0, "any", YEAR), (0, "any", YEAR + 1), (5, "ionic", YEAR)]
)
def test_nothing_drawn_is_nothing_used(kg: int, ore_class: str, year: int) -> None:
    court = Court()
    if year != YEAR or ore_class == "ionic":
        assert flags(mine(court, 100, "bastnaesite-concentrate")) == []
    assert allotted_by_act(court, kg, ore_class, year) == []


def test_what_stands_open_is_not_told_again_by_the_act() -> None:
    court = Court()
    assert allotted_by_act(court, 100) == []
    assert flags(mine(court, 95)) == ["quota.nearing"]
    assert allotted_by_act(court, 105) == []
    assert allotted_by_act(court, 90) == ["quota.exceeded"]
    assert allotted_by_act(court, 80) == []
    assert flags(mine(court, 1)) == []
    assert court.lot(name("mine", "lot/6")).tainted_by, "what is made from now on is beyond it"


def test_the_act_opens_none_where_policy_says_so() -> None:
    court = Court()
    court.set_policy(rules={"quota.exceeded": {"action": "off"}})
    assert flags(mine(court, 100)) == []
    assert allotted_by_act(court, 1) == []
