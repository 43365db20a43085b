"""A model is named by what it depends on, so that nothing is trained twice."""

from snowflake.connector import SnowflakeConnection

from include.als.plan import plan_model
from tests.als.conftest import administrator

PARAMETERS = {"rank": 16, "reg_param": 0.05, "max_iter": 10, "alpha": 5.0}


def load(connection: SnowflakeConnection, load_seq: int, *dates: str) -> None:
    """Record a load of these event dates, and that Gold's facts hold it."""
    with administrator(connection) as cursor:
        for date in dates:
            cursor.execute("insert into ledger.load_dates values (%s, 'f', %s)", (load_seq, date))
        cursor.execute(
            "insert into ledger.model_watermarks values ('yearly_activity', %s, sysdate())",
            (load_seq,),
        )


def test_a_model_is_its_data_and_parameters(snowflake_connection: SnowflakeConnection) -> None:
    """New facts or other parameters make another model; an hour without rows doesn't."""

    def model_id(**changed: float) -> str:
        return plan_model(snowflake_connection, "2015-01-01", PARAMETERS | changed).model_id

    load(snowflake_connection, 1001, "2015-01-01")
    first = model_id()
    load(snowflake_connection, 1002)

    assert model_id() == first
    assert model_id(alpha=5) == first, "a form sends 5 for 5.0"
    assert model_id(rank=32) != first
    load(snowflake_connection, 1003, "2015-01-02")
    assert model_id() != first


def test_a_trained_model_is_seen(snowflake_connection: SnowflakeConnection) -> None:
    """The DAG skips training then."""
    planned = plan_model(snowflake_connection, "2015-01-01", PARAMETERS)
    assert not planned.is_trained
    snowflake_connection.cursor().execute(
        "insert into gold.models"
        " select %s, sysdate(), '2015-01-01'::date, parse_json('{}'), parse_json('{}')",
        (planned.model_id,),
    )
    assert plan_model(snowflake_connection, "2015-01-01", PARAMETERS).is_trained
