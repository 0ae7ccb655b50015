"""The period that a question names."""

from ledger.errors import RequestMalformed


def check_period(start_us: int | None, end_us: int | None, parameter: str) -> None:
    """Returns only if a period holds some time, or has one end at most.

    Args:
        start_us: Its first moment. end_us: The first one after.
        parameter: The query's name of its end.

    Raises:
        RequestMalformed: It ends before it has begun, or at once.
    """
    if start_us is not None and end_us is not None and start_us >= end_us:
        raise RequestMalformed("the period's end is not after its start", extra={"parameter": parameter})
