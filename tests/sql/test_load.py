"""What a load of hours does, step by step and version by version."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from snowflake.connector import SnowflakeConnection
from snowflake.connector.errors import ProgrammingError

from include.sql.load import LoadError, LoadResult, load_hours
from tests import hostile
from tests.sql.conftest import Archive, Tables, kept, lines_of
from tests.sql.interruption import before


def test_a_first_load_copies_exactly_the_kept_lines(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """Every event that ingest keeps is in Bronze once, whole and in the file's order."""
    outcomes = archive.ingested(*hours)

    result = load_hours(connection, outcomes)

    expected = [kept(lines_of(hour)) for hour in hours]
    assert [tables.events(outcome) for outcome in outcomes] == expected
    assert result.loaded == 3
    assert result.unchanged == 0
    assert result.rows == sum(map(len, expected))


@pytest.mark.parametrize(
    "parameters", [[], hostile.statements("session")], ids=["usual", "hostile"]
)
def test_the_ledger_accounts_for_an_hour(
    archive: Archive,
    connection: SnowflakeConnection,
    tables: Tables,
    day: datetime,
    parameters: list[str],
) -> None:
    """Its row says where the rows came from, how many they are and what was left out.

    Whatever the session's time zone and formats are.
    """
    for parameter in parameters:
        connection.cursor().execute(parameter)
    (outcome,) = archive.ingested(day)
    lines = lines_of(day)
    events = kept(lines)
    moments = sorted(event["created_at"] for event in events)
    name = outcome["blob_name"]

    load_seq = load_hours(connection, [outcome]).load_seq

    ((content_key, loaded_at, recorded_at),) = tables.run(
        "select distinct raw.content_key, max(raw.loaded_at) over (), loads.loaded_at "
        "from bronze.BronzeRaw as raw inner join ledger.loads on raw.file_name = loads.file_name "
        "where raw.file_name = %s",
        name,
    )
    now = datetime.now(UTC).replace(tzinfo=None)
    assert all(now - timedelta(minutes=10) < at <= now for at in (loaded_at, recorded_at))
    blob = archive.blob.get_blob_client("gharchive-events", name).download_blob().readall()
    (row,) = tables.run(
        "select load_seq, file_hour, verdict, era, source_url, source_etag, filter_fingerprint, "
        "content_sha256, content_key, lines_read, rows_kept, rows_dropped, rows_quarantined, "
        "rows_loaded, first_created_at, last_created_at from ledger.loads where file_name = %s",
        name,
    )
    assert row == (
        load_seq,
        day,
        "published",
        "events",
        f"{archive.url}/{day:%Y-%m-%d}-0.json.gz",
        outcome["source_etag"],
        outcome["filter_fingerprint"],
        hashlib.sha256(blob).hexdigest(),
        content_key,
        len(lines),
        len(events),
        len(lines) - len(events),
        0,
        len(events),
        datetime.fromisoformat(moments[0].removesuffix("Z")),
        datetime.fromisoformat(moments[-1].removesuffix("Z")),
    )
    assert load_seq is not None
    assert tables.dates(outcome, load_seq) == {moment[:10] for moment in moments}
    assert len(tables.dates(outcome, load_seq)) == 2, "the hour has no stragglers to test with"


def test_the_same_day_again_changes_nothing(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """An unchanged day is neither loaded nor written about."""
    load_hours(connection, archive.ingested(*hours))
    before = tables.state()

    result = load_hours(connection, archive.ingest(*hours))

    assert result == LoadResult(loaded=0, unchanged=3, rows=0, load_seq=None)
    assert tables.state() == before


def test_nothing_to_load_is_no_error(connection: SnowflakeConnection) -> None:
    """A run of no hours."""
    assert load_hours(connection, []) == LoadResult(loaded=0, unchanged=0, rows=0, load_seq=None)


def test_a_republished_hour_replaces_its_rows_and_no_others(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """The ledger keeps both loads; the newer covers the dates of the rows that went, too."""
    outcomes = archive.ingested(*hours)
    first = load_hours(connection, outcomes)
    changed, *others = hours
    # Only events of the day itself: the stragglers' date loses its rows
    lines = [line for line in lines_of(changed, seed=2) if f'"{changed:%Y-%m-%d}T'.encode() in line]
    archive.publish(changed, lines)

    result = load_hours(connection, archive.ingest(*hours))

    assert (result.loaded, result.unchanged) == (1, 2)
    assert tables.events(outcomes[0], "bronze.BronzeRaw") == kept(lines)
    for outcome, hour in zip(outcomes[1:], others, strict=True):
        assert tables.events(outcome, "bronze.BronzeRaw") == kept(lines_of(hour))
    assert tables.loads(outcomes[0]) == [
        (first.load_seq, "published", len(kept(lines_of(changed)))),
        (result.load_seq, "republished", len(kept(lines))),
    ]
    assert first.load_seq is not None
    assert result.load_seq is not None
    assert result.load_seq > first.load_seq
    day_before = f"{changed - timedelta(days=1):%Y-%m-%d}"
    assert day_before in tables.dates(outcomes[0], first.load_seq)
    assert {day_before, f"{changed:%Y-%m-%d}"} <= tables.dates(outcomes[0], result.load_seq)


def test_an_hour_that_was_emptied_loses_its_rows(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """Its dates are recorded once more, since they lose rows."""
    (full,) = archive.ingested(day)
    first = load_hours(connection, [full])
    archive.publish(day, [])
    (empty,) = archive.ingest(day)

    result = load_hours(connection, [empty])

    assert tables.events(empty, "bronze.BronzeRaw") == []
    assert [load[1:] for load in tables.loads(empty)][-1] == ("empty", 0)
    assert first.load_seq is not None
    assert result.load_seq is not None
    assert tables.dates(full, first.load_seq) <= tables.dates(empty, result.load_seq)
    assert load_hours(connection, [empty]).loaded == 0


def test_an_hour_that_was_never_published_is_in_the_ledger(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """It has no rows, and is settled."""
    outcomes = archive.ingest(day)

    result = load_hours(connection, outcomes)

    assert tables.loads(outcomes[0]) == [(result.load_seq, "never_published", 0)]
    assert tables.events(outcomes[0]) == []
    assert load_hours(connection, outcomes).loaded == 0


def test_dropping_an_hours_ledger_row_reloads_exactly_that_hour(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """Under a number that no load has had, even if it was the newest that was dropped."""
    *others, dropped = outcomes = archive.ingested(*hours)
    first = load_hours(connection, others)
    newest = load_hours(connection, [dropped])
    tables.run("delete from ledger.loads where file_name = %s", dropped["blob_name"])

    result = load_hours(connection, outcomes)

    assert (result.loaded, result.unchanged) == (1, 2)
    assert newest.load_seq is not None
    assert result.load_seq is not None
    assert result.load_seq > newest.load_seq
    assert [load[0] for load in tables.loads(dropped)] == [result.load_seq]
    assert all([load[0] for load in tables.loads(other)] == [first.load_seq] for other in others)
    assert tables.events(dropped, "bronze.BronzeRaw") == kept(lines_of(hours[-1]))


def test_rows_that_differ_from_what_ingest_kept_are_not_loaded(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """One wrong hour leaves the whole day as it was, and is named."""
    load_hours(connection, archive.ingested(*hours))
    wrong, *others = archive.ingested(*hours, seed=2)
    rows = wrong["lines_kept"]
    miscounted = wrong | {"lines_kept": rows + 1}
    state = tables.state()

    with pytest.raises(LoadError, match=f"{wrong['blob_name']}: {rows} of {rows + 1}"):
        load_hours(connection, [*others, miscounted])

    assert tables.state() == state
    assert Tables(connection).state() == state, "the load's own session is still in its transaction"
    assert load_hours(connection, [wrong, *others]).loaded == 3


def test_a_blob_deleted_meanwhile_fails_the_load_and_is_named(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, hours: Sequence[datetime]
) -> None:
    """The rows of the version before stay."""
    load_hours(connection, archive.ingested(*hours))
    outcomes = archive.ingested(*hours, seed=2)
    archive.delete_blob(outcomes[1])
    state = tables.state()

    with pytest.raises(ProgrammingError, match=f"{outcomes[1]['blob_name']}' was not found"):
        load_hours(connection, outcomes)

    assert tables.state() == state


@pytest.mark.parametrize(
    "name",
    [
        "2016/03/01/9.json.gz",
        "2016/03/01/09.json",
        "elsewhere/2016/03/01/09.json.gz",
        "2016/03/01/09.json.gz') force = false; --",
        "2016/03/01/09.json.gz\n",
    ],
)
def test_a_name_that_is_not_of_the_layout_is_refused(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime, name: str
) -> None:
    """Nothing else gets into the text of a statement."""
    (outcome,) = archive.ingest(day)
    state = tables.state()

    with pytest.raises(LoadError, match="is no blob name of the form"):
        load_hours(connection, [outcome | {"blob_name": name}])

    assert tables.state() == state


def test_readers_see_each_line_once_whatever_bronze_holds(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """As when Snowpipe loads a file beside us, or loaded it in an old version."""
    (outcome,) = archive.ingested(day)
    load_hours(connection, [outcome])
    name = outcome["blob_name"]
    copies = "insert into bronze.BronzeRaw (event, file_name, file_row_number, content_key, "
    copies += "loaded_at) select event, file_name, file_row_number, {} from "
    copies += "bronze.BronzeRaw where file_name = %s and content_key <> 'old'"
    tables.run(copies.format("content_key, dateadd('hour', 1, loaded_at)"), name)
    tables.run(copies.format("'old', loaded_at"), name)
    rows = len(kept(lines_of(day)))
    assert len(tables.events(outcome, "bronze.BronzeRaw")) == 4 * rows

    assert tables.events(outcome) == kept(lines_of(day))

    # The next load of the hour removes the rest
    (republished,) = archive.ingested(day, seed=2)
    load_hours(connection, [republished])
    assert tables.events(outcome, "bronze.BronzeRaw") == kept(lines_of(day, seed=2))


def unwanted() -> None:
    """Fail, for this must not be called."""
    raise AssertionError("copied again")


def test_rows_that_snowpipe_brought_are_adopted(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """They are the outcome's own version and whole, so nothing is copied again."""
    (outcome,) = archive.ingested(day)
    tables.pipe(outcome)

    result = load_hours(before("copy into bronze", unwanted, connection), [outcome])

    assert (result.loaded, result.rows) == (1, outcome["lines_kept"])
    assert tables.events(outcome, "bronze.BronzeRaw") == kept(lines_of(day))
    assert tables.events(outcome) == kept(lines_of(day))


@pytest.mark.parametrize("change", ["an older version", "a part", "the ledger's version"])
def test_other_rows_that_snowpipe_brought_are_replaced(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime, change: str
) -> None:
    """An older version of the blob, even with as many lines; or rows of which some are missing."""
    (outcome,) = archive.ingested(day)
    tables.pipe(outcome)
    if change == "the ledger's version":
        # Written within the same second as the next one
        load_hours(tables.connection, [outcome | {"source_etag": "before"}])
        tables.run(
            'update ledger.loads set outcome = parse_json(\'{"ingested_at": "2000-01-01"}\') '
            "where file_name = %s",
            outcome["blob_name"],
        )
    elif change == "a part":
        where = "where file_name = %s and file_row_number = 1"
        tables.run(f"delete from bronze.BronzeRaw {where}", outcome["blob_name"])
    else:
        tables.run(
            "update bronze.BronzeRaw set file_last_modified = dateadd('second', -1, "
            "file_last_modified) where file_name = %s",
            outcome["blob_name"],
        )

    load_hours(connection, [outcome])

    rows = tables.run(
        "select count(*), count(load_id) from bronze.BronzeRaw where file_name = %s",
        outcome["blob_name"],
    )
    assert rows == [(outcome["lines_kept"],) * 2]
    assert tables.events(outcome) == kept(lines_of(day))


def test_an_outcome_that_is_older_than_the_ledgers_changes_nothing(
    archive: Archive, connection: SnowflakeConnection, tables: Tables, day: datetime
) -> None:
    """As when a task is retried after another run has brought a newer version."""
    (old,) = archive.ingested(day)
    load_hours(connection, [old])
    load_hours(connection, archive.ingested(day, seed=2))
    state = tables.state()

    assert load_hours(connection, [old]).unchanged == 1

    assert tables.state() == state


def test_a_month_is_one_copy(
    archive: Archive, connection: SnowflakeConnection, tables: Tables
) -> None:
    """However many days: Snowflake takes a thousand files in one statement."""
    hours = [datetime(2014, 1, 1) + timedelta(hours=number) for number in range(0, 31 * 24, 12)]
    for hour in hours:
        archive.publish(hour, lines_of(hour)[:2])
    copies: list[None] = []

    result = load_hours(
        before("copy into bronze", lambda: copies.append(None), connection), archive.ingest(*hours)
    )

    assert (result.loaded, len(copies)) == (len(hours), 1)
