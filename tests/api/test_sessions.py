"""Sessions over HTTP: opened by a challenge and a key, used where no token is sent, ended here or everywhere."""

from ledger.statements.tokens import make_session_proof
from tests.support.web import JOSE, Site

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def test_from_signing_in_to_signing_out(site: Site) -> None:
    client = site.client
    given = client.post("/v1/sessions/challenges").get_json()
    now_s = site.clock.now_us() // 1_000_000
    proof = make_session_proof(site.cast.mine.signer, given["origin"], given["challenge"], now_s)
    opened = client.post("/v1/sessions", data=proof, headers=JOSE)
    assert opened.status_code == 201, opened.text
    assert opened.get_json()["party"] == site.cast.mine.party
    assert client.get("/v1/sessions/current").get_json() == opened.get_json()
    assert client.get("/v1/refusals").status_code == 200
    assert client.delete("/v1/sessions/current").status_code == 403
    assert client.delete("/v1/sessions/current", headers=SAME_ORIGIN).status_code == 204
    assert client.get("/v1/sessions/current").status_code == 401
    assert client.get("/v1/refusals").status_code == 401
