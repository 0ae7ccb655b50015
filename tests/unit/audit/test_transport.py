"""How a remote ledger is asked: what is asked again, when, and how often."""

from collections.abc import Mapping

import pytest

from ledger.audit.transport import ConnectionLost, HttpTransport, PatientTransport, Reply


class Scripted:
    """A transport that answers as it is told, one answer a question."""

    def __init__(self, *answers: Reply | Exception) -> None:
        self.answers = list(answers)

    def get(self, path: str, headers: Mapping[str, str], limit: int) -> Reply:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    waits: list[float] = []
    inner = Scripted(Reply(503, b"", 2.0), ConnectionLost("gone"), Reply(429, b"", 99.0), Reply(200, b"ok"))
    patient = PatientTransport(inner, sleep=waits.append)
    assert patient.get("/", {}, 10) == Reply(200, b"ok")
    assert waits == [2.0, 0.4, 15.0]


def test_patience_ends() -> None:
    waits: list[float] = []
    busy = PatientTransport(Scripted(*[Reply(503, b"")] * 3), attempts=3, sleep=waits.append)
    assert busy.get("/", {}, 10).status == 503
    lost = PatientTransport(Scripted(*[ConnectionLost("gone")] * 3), attempts=3, sleep=waits.append)
    with pytest.raises(ConnectionLost):
        lost.get("/", {}, 10)
    assert len(waits) == 4


@pytest.mark.parametrize("status", [400, 401, 404, 410, 500])
def test_other_answers_are_not_asked_for_again(status: int) -> None:
    patient = PatientTransport(Scripted(Reply(status, b"")), sleep=lambda _: pytest.fail("waited"))
    assert patient.get("/", {}, 10).status == status


def test_a_server_that_is_not_there_is_said_so() -> None:
    transport = HttpTransport("http://127.0.0.1:9")
    with pytest.raises(ConnectionLost, match="no answer"):
        transport.get("/checkpoint", {}, 10)
    transport.close()
