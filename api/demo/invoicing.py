"""What the demonstration's plant invoices, and what was paid of it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from api.demo.cast import Member


def invoices(members: Mapping[str, Member], end: datetime) -> Iterator[tuple[str, Member, dict[str, Any]]]:
    """What the plant invoices, and what was paid of it: (in a sentence, who, act)."""
    plant, maker, recycler = (members[name] for name in ("plant", "maker", "recycler"))
    for number, buyer, product, kilograms, amount, currency, issued, due in (
        ("0001", maker, "prnd-oxide", 980, "593880", "CNY", 50, 20),
        ("0002", maker, "lace-oxide", 500, "4500", "CNY", 45, 30),
        ("0003", recycler, "lace-oxide", 100, "950.50", "CNY", 3, -27),
        ("0004", maker, "lace-oxide", 300, "420", "EUR", 120, 95),
    ):
        yield (
            f"the plant invoices {kilograms} kg for {amount} {currency}",
            plant,
            {
                "act": "register-invoice",
                "invoice": f"DEMO-{number}",
                "kind": "special" if number == "0001" else "ordinary",
                "seller": plant.party,
                "buyer": buyer.party,
                "lines": [
                    {
                        "product": product,
                        "mass": {"quantity": kilograms, "uom": "KGM"},
                        "amount": amount,
                    }
                ],
                "amount": amount,
                "currency": currency,
                "issued": _days_before(end, issued),
                "due": _days_before(end, due),
            },
        )
    for number, who, paid, amount in (("0001", maker, 12, "400000"), ("0002", plant, 25, "4500")):
        yield (
            f"{amount} CNY were paid",
            who,
            {
                "act": "settle-invoice",
                "invoice": f"DEMO-{number}",
                "amount": amount,
                "paid": _days_before(end, paid),
            },
        )


def _days_before(end: datetime, days: int) -> str:
    return (end - timedelta(days=days)).astimezone(UTC).isoformat(timespec="seconds")
