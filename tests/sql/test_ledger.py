"""What the ledger answers: which hours are loaded, and whether all of it adds up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from snowflake.connector import SnowflakeConnection

from include.sql.load import load_hours
from tests.sql.conftest import Archive, Tables, kept, lines_of

IS_COMPLETE = (
    "select count_if(not is_complete) = 0 from ledger.days where file_date between %s and %s"
)


def test_one_query_tells_whether_a_range_is_complete(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """Gaps for good belong to a complete day; an hour that nobody has loaded doesn't."""
    hours = [day + timedelta(hours=number) for number in range(24)]
    for hour in hours[:20]:
        archive.publish(hour, lines_of(hour)[:5])
    archive.publish(hours[20], [])
    outcomes = archive.ingest(*hours)
    date = f"{day:%Y-%m-%d}"

    load_hours(connection, outcomes[:-1])
    assert tables.run(IS_COMPLETE, date, date) == [(False,)]
    assert tables.run(
        "select file_hour from ledger.hours where status = 'missing' and file_date = %s", date
    ) == [(hours[-1],)]

    load_hours(connection, outcomes)
    assert tables.run(IS_COMPLETE, date, date) == [(True,)]
    assert tables.run(IS_COMPLETE, date, f"{day + timedelta(days=1000):%Y-%m-%d}") == [(False,)]
    counts = "hours_loaded, hours_gap, hours_missing, lines_read"
    assert tables.run(f"select {counts} from ledger.days where file_date = %s", date) == [
        (20, 4, 0, sum(outcome["lines_read"] for outcome in outcomes))
    ]


def test_days_before_anything_was_loaded_are_incomplete(tables: Tables) -> None:
    """The calendar is the archive's, from its first hour to the newest that can be there."""
    assert tables.run(IS_COMPLETE, "2011-02-12", "2011-02-12") == [(False,)]
    ((first, last),) = tables.run("select min(file_hour), max(file_hour) from ledger.hours")
    assert first == datetime(2011, 2, 12)
    behind = datetime.now(UTC).replace(tzinfo=None) - last
    assert timedelta(hours=2) < behind < timedelta(hours=3, minutes=1)


def test_a_republished_hour_has_its_story(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """Every version with its number, and the hours that never changed without."""
    changed, *_ = hours
    load_hours(connection, archive.ingested(*hours))
    load_hours(connection, archive.ingested(changed, seed=2))

    versions = tables.run(
        "select version_number, verdict, rows_loaded from ledger.republished "
        "where file_hour between %s and %s order by load_seq",
        *(f"{hour:%Y-%m-%d %H:%M:%S}" for hour in (hours[0], hours[-1])),
    )

    assert versions == [
        (1, "published", len(kept(lines_of(changed)))),
        (2, "republished", len(kept(lines_of(changed, seed=2)))),
    ]
    assert tables.run(
        "select file_hour, load_count from ledger.hours where is_republished and file_date = %s",
        f"{changed:%Y-%m-%d}",
    ) == [(changed, 2)]


def test_a_suspicious_hour_is_told_apart(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    neighbour = day + timedelta(hours=1)
    archive.publish(neighbour, lines_of(neighbour))
    archive.publish(day, lines_of(day)[:1])
    load_hours(connection, archive.ingest(day))

    assert tables.run(
        "select status, verdict, is_suspicious from ledger.hours where file_hour = %s",
        f"{day:%Y-%m-%d %H:%M:%S}",
    ) == [("loaded", "suspiciously_small", True)]


def test_an_hour_reconciles_from_its_source_to_bronze(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """And doesn't, as soon as a row of Bronze is gone."""
    archive.publish(day, [*lines_of(day), b"not json\n"])
    (outcome,) = archive.ingest(day)
    load_hours(connection, [outcome])
    reconciled = (
        "select lines_read, rows_kept, rows_dropped, rows_quarantined, bronze_rows, is_exact "
        "from ledger.reconciliation where file_name = %s"
    )
    kept_rows = len(kept(lines_of(day)))
    read = len(lines_of(day)) + 1

    assert tables.run(reconciled, outcome["blob_name"]) == [
        (read, kept_rows, read - 1 - kept_rows, 1, kept_rows, True)
    ]

    tables.run(
        "delete from bronze.BronzeRaw where file_name = %s and file_row_number = 1",
        outcome["blob_name"],
    )
    assert tables.run(reconciled, outcome["blob_name"])[0][4:] == (kept_rows - 1, False)


def test_lag_is_counted_to_the_newest_hour_that_can_be_there(
    archive: Archive, connection: SnowflakeConnection, tables: Tables
) -> None:
    recent = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    load_hours(connection, archive.ingested(recent - timedelta(hours=7)))
    ((newest, behind),) = tables.run("select newest_file_hour, hours_behind from ledger.lag")
    assert newest == recent - timedelta(hours=7)
    assert behind in (5, 6)
