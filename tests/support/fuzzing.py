"""What a fuzzing test sends where no schema can say what is good: statements, and answers to challenges."""

import uuid

from hypothesis import strategies as st

from tests.support.cast import Cast
from tests.support.web import Site


def statements(cast: Cast) -> st.SearchStrategy[str]:
    """Statements that are good, repeated, in conflict, refused, forged or nothing of the kind."""
    kept = [cast.record(number=number) for number in range(3)]
    jti = str(uuid.uuid4())
    forged = kept[0].rpartition(b".")[0] + b"." + kept[1].rpartition(b".")[2]
    others = [
        *kept,
        cast.record(number=4, jti=jti),
        cast.record(number=5, jti=jti),
        cast.sign({"type": "EPCISDocument"}, cast.mine),
        cast.sign(b"[]", cast.mine),
        forged,
    ]
    fresh = st.builds(lambda number: cast.record(number=number).decode(), st.integers(0, 9_999))
    return st.one_of(fresh, st.sampled_from([each.decode() for each in others]))


def proofs(site: Site) -> st.SearchStrategy[str]:
    """Answers to challenges: mostly good when they are made."""
    others = [site.token(site.cast.mine), site.proof(site.cast.mine, challenge="A" * 43)]
    return st.one_of(st.builds(lambda _: site.proof(site.cast.mine), st.integers()), st.sampled_from(others))
