"""BEGIN, COMMIT and ROLLBACK."""

from sqlglot import exp

from snowflake_stand_in.engine.session import Cursor


def run_begin(cursor: Cursor, _: exp.Expr) -> None:
    """Run BEGIN."""
    cursor.session.begin()
    cursor.succeed()


def run_commit(cursor: Cursor, _: exp.Expr) -> None:
    """Run COMMIT."""
    cursor.session.commit()
    cursor.succeed()


def run_rollback(cursor: Cursor, _: exp.Expr) -> None:
    """Run ROLLBACK."""
    cursor.session.rollback()
    cursor.succeed()
