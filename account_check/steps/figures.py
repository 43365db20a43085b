"""What the account itself tells of this run: bytes, partitions, credits."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from snowflake.connector.cursor import SnowflakeCursor

from account_check import cost
from account_check.account import rows
from account_check.findings import Finding, judged, not_tried
from account_check.run import Run
from account_check.scratch import USERS, user_of

_SINCE = "dateadd(hour, -6, current_timestamp())"
_OF_A_USER = f"""
select query_id, bytes_scanned, total_elapsed_time, credits_used_cloud_services
from table(information_schema.query_history_by_user(
    user_name => '{{user}}', end_time_range_start => {_SINCE}, result_limit => 10000
))
order by bytes_scanned desc nulls last
"""
_PARTITIONS = """
select
    sum(operator_statistics:pruning:partitions_scanned::number) as scanned,
    sum(operator_statistics:pruning:partitions_total::number) as total
from table(get_query_operator_stats('{query_id}'))
where operator_type = 'TableScan'
"""
_METERING = f"""
select sum(credits_used) as credits
from table(information_schema.warehouse_metering_history(date_range_start => {_SINCE}))
where startswith(warehouse_name, '{{prefix}}')
"""
LARGEST = 5


def check(run: Run) -> Iterator[Finding]:
    """Ask for each user's statements, then for credits."""
    with run.administrator() as cursor:
        run.figures = [_of_user(cursor, run.prefix, role) for role in USERS]
        ((used,),) = rows(cursor, _METERING.format(prefix=run.prefix))
    yield from of_statements(run.figures)
    yield of_credits(used)


def of_statements(figures: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Judge what is told of each user's statements; nothing told is nothing tried."""
    count = sum(figure["statements"] for figure in figures)
    scanned = [figure["bytes scanned"] for figure in figures]
    if _sum(scanned) is None:
        yield not_tried("statements-told", f"{count} statements, of whose bytes nothing is told")
    else:
        yield judged(
            "statements-told", None not in scanned, f"{count} statements, {_sum(scanned):,} bytes"
        )
    read, total = (_sum(figure[name] for figure in figures) for name in ("partitions", "of"))
    if total is None:
        yield not_tried("partitions-told", "nothing is told of table scans")
    else:
        yield judged("partitions-told", read <= total, f"{read} of {total} partitions")


def of_credits(used: Decimal | None) -> Finding:
    """Judge what the warehouses took, if it is told yet."""
    if used is None:
        return not_tried("cost", "nothing is told of these hours yet")
    wanted = cost.estimated_credits()
    return judged("cost", used <= wanted, f"{used:.2f} credits, {wanted:.2f} estimated")


def _of_user(cursor: SnowflakeCursor, prefix: str, role: str) -> dict[str, Any]:
    found = rows(cursor, _OF_A_USER.format(user=user_of(prefix, role)))
    scans = [
        rows(cursor, _PARTITIONS.format(query_id=query_id))[0] for query_id, *_ in found[:LARGEST]
    ]
    return {
        "user": role,
        "statements": len(found),
        "seconds": round(sum(int(row[2] or 0) for row in found) / 1000, 1),
        "bytes scanned": _sum(row[1] for row in found),
        "partitions": _sum(scanned for scanned, _ in scans),
        "of": _sum(total for _, total in scans),
        "credits, cloud services": _sum(row[3] for row in found),
    }


def _sum(values: Any) -> Any:
    """Add what is told; None if nothing is."""
    told = [value for value in values if value is not None]
    return sum(told) if told else None
