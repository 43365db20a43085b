"""The commands behind the Makefile: run, backfill, up, down, status."""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from include.day import DayError, DayPlan, plan_day
from local.launcher.layout import default_layout
from local.launcher.processes import ServiceError
from local.launcher.source import SourceError, choose_source
from local.launcher.stack import Stack

DEFAULT_DAY = "2015-01-01"


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="take a day through the pipeline and show the result")
    run.add_argument("--day", help=f"YYYY-MM-DD, in UTC; {DEFAULT_DAY} if left out")
    backfill = commands.add_parser("backfill", help="take a range of days through the pipeline")
    backfill.add_argument("--from", dest="first", required=True, help="the first day")
    backfill.add_argument("--to", dest="last", required=True, help="the last day")
    for command in (run, backfill):
        command.add_argument("--hours", help="12, 14-17 or 0,6,12-14; all hours if left out")
    up = commands.add_parser("up", help="start the stand-ins and Airflow and leave them running")
    for command in (run, backfill, up):
        command.add_argument("--source", help="a folder of YYYY-MM-DD-H.json.gz files")
        command.add_argument("--port", help="the port of Airflow's UI", type=int)
    commands.add_parser("down", help="stop what `up` started")
    commands.add_parser("status", help="tell what is running and where")
    arguments = parser.parse_args()

    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "run": _run,
        "backfill": _backfill,
        "up": _up,
        "down": _down,
        "status": _status,
    }
    try:
        return actions[arguments.command](arguments)
    except (DayError, SourceError, ServiceError, OSError, TimeoutError) as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: everything this command started is stopped.", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    from local.launcher.day_run import run_day
    from local.launcher.report import print_run

    day, hours = arguments.day or DEFAULT_DAY, arguments.hours or "0-23"
    plan = _plan(day, hours)
    with _running_stack(arguments) as stack:
        print(
            f"Running {plan.day}, {len(plan.hours)} of its hours, from {stack.source.description}"
        )
        run, peak_memory = run_day(stack, plan.day, hours)
        print_run(stack, plan.day, run, peak_memory)
    return 0 if run["state"] == "success" else 1


def _backfill(arguments: argparse.Namespace) -> int:
    from local.launcher.day_run import backfill
    from local.launcher.report import print_backfill

    hours = arguments.hours or "0-23"
    first, last = _plan(arguments.first, hours).day, _plan(arguments.last, hours).day
    if first > last:
        raise DayError(f"FROM={first} is after TO={last}")
    with _running_stack(arguments) as stack:
        print(f"Backfilling {first} to {last} from {stack.source.description}")
        runs = backfill(stack, first, last, hours)
        print_backfill(stack, runs)
    return 0 if all(run["state"] == "success" for run in runs) else 1


def _up(arguments: argparse.Namespace) -> int:
    stack = Stack(default_layout())
    stack.start(choose_source(arguments.source), arguments.port)
    return _status(arguments)


def _down(arguments: argparse.Namespace) -> int:
    Stack(default_layout()).stop()
    print("Stopped. The data stays in .local/data; `make up` continues with it.")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    stack = Stack(default_layout())
    if not stack.is_up():
        print("Nothing is running. `make up` starts the stand-ins and Airflow.")
        return 0
    print(stack.whereabouts())
    return 0


def _plan(day: str, hours: str) -> DayPlan:
    """Check the user's day and hours before anything is started for them."""
    return plan_day(day, hours, logical_date=None, now=datetime.now(UTC))


@contextmanager
def _running_stack(arguments: argparse.Namespace) -> Iterator[Stack]:
    """Use the stack that `up` left running, or run one for as long as the command lasts."""
    stack = Stack(default_layout())
    source = choose_source(arguments.source)
    if stack.is_healthy() and (stack.source == source or not arguments.source):
        yield stack
        return
    left_running = stack.is_up()
    try:
        stack.start(source, arguments.port)
        yield stack
    finally:
        if not left_running:
            stack.stop()


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
