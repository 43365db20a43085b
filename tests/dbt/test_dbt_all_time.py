"""What spans all time: years that end, and tables that aren't made again each day."""

from datetime import datetime, timedelta
from itertools import count, islice

from include.sql.news import find_news
from tests.dbt.warehouse import PROJECT, Event, Warehouse, connected_as_the_dag, hour_name

ALL_TIME = ["actor_profiles", "language_days", "contributor_months"]


def run(warehouse: Warehouse, *models: str) -> None:
    """Run these models and what they read."""
    above = [f"+{model}" for model in models]
    warehouse.dbt("run", "--select", *above)


def pushed(at: datetime) -> dict[str, list[Event]]:
    """Return an hour with one push of one person."""
    return {
        hour_name(at): [
            {
                "id": f"{at:%Y%m%d%H}",
                "type": "PushEvent",
                "created_at": f"{at.isoformat()}Z",
                "actor": {"id": 1, "login": "one"},
                "repo": {"id": 2, "name": "one/two"},
                "payload": {},
                "public": True,
            }
        ]
    }


def test_a_year_that_ends_becomes_one_period(warehouse: Warehouse) -> None:
    """Until then its months are periods; an hour of an older year changes that year alone."""

    def periods() -> dict[str, int]:
        run(warehouse, "yearly_activity")
        return {
            str(start): count
            for start, count in warehouse.query(
                "select period_start, sum(event_count) from gold.yearly_activity group by 1"
            )
        }

    assert periods() == {}
    for day in (datetime(2015, 1, 5), datetime(2015, 11, 5), datetime(2015, 12, 31, 23)):
        warehouse.load(pushed(day))
    # Of an hour that is replaced, a load names the dates beside, too
    warehouse.query(
        "insert into ledger.load_dates (load_seq, file_name, event_date)"
        " select load_seq, file_name, dateadd('day', 1, event_date) from ledger.load_dates"
    )
    assert periods() == {"2015-01-01": 1, "2015-11-01": 1, "2015-12-01": 1}

    warehouse.load(pushed(datetime(2016, 1, 1)))
    assert periods() == {"2015-01-01": 3, "2016-01-01": 1}

    # Two years at once, and one that was passed over
    warehouse.load(pushed(datetime(2016, 2, 1)) | pushed(datetime(2018, 3, 1)))
    assert periods() == {"2015-01-01": 3, "2016-01-01": 2, "2018-03-01": 1}
    warehouse.load(pushed(datetime(2017, 6, 1)) | pushed(datetime(2015, 6, 1)))
    found = periods()
    assert found == {"2015-01-01": 4, "2016-01-01": 2, "2017-01-01": 1, "2018-03-01": 1}

    warehouse.dbt("run", "--full-refresh", "--select", "yearly_activity")
    assert periods() == found


def test_what_is_of_all_time_waits_until_enough_has_come(warehouse: Warehouse) -> None:
    """It waits for a thirtieth of all dates, or for a new month; other tables take each day."""
    days = (datetime(2019, 1, 10, 12) + timedelta(days=number) for number in count())

    def newest_after(number: int) -> tuple[str, str, str]:
        """Load so many days and build; return the newest date of three tables."""
        files: dict[str, list[Event]] = {}
        for day in islice(days, number):
            files |= pushed(day)
        warehouse.load(files)
        run(warehouse, *ALL_TIME)
        [(activity, profile, languages)] = warehouse.query(
            "select to_char((select max(last_event_at) from gold.yearly_activity), 'MM-DD'),"
            " to_char((select max(last_event_at) from gold.actor_profiles), 'MM-DD'),"
            " to_char((select max(event_date) from gold.language_days), 'MM-DD')"
        )
        return activity, profile, languages

    assert newest_after(70) == ("03-20", "03-20", "03-20")
    assert newest_after(1) == ("03-21", "03-20", "03-20")
    assert warehouse.query(
        "select to_char(newest_date, 'MM-DD'), dates_behind from ledger.tables"
        " where table_name in ('yearly_activity', 'actor_profiles') order by 1"
    ) == [("03-20", 1), ("03-21", 0)]
    with connected_as_the_dag() as connection:
        [*_, missing_or_behind] = find_news(connection, PROJECT, "none").reasons
    assert "GOLD.RANKINGS" in missing_or_behind
    assert "GOLD.ACTOR_PROFILES" not in missing_or_behind
    assert newest_after(2) == ("03-23", "03-23", "03-23")
    assert newest_after(1) == ("03-24", "03-23", "03-23")
    warehouse.dbt("run", "--full-refresh", "--select", "actor_profiles")
    assert newest_after(1) == ("03-25", "03-24", "03-23")
    warehouse.load(pushed(datetime(2019, 2, 3)))
    assert newest_after(7) == ("04-01", "04-01", "04-01")
    waited = warehouse.snapshot(ALL_TIME)
    warehouse.dbt("run", "--full-refresh", "--select", *ALL_TIME)
    assert warehouse.snapshot(ALL_TIME) == waited
