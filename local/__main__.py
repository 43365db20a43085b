"""The commands behind the Makefile: run, backfill, up, down, status.

Each ends with one message and an exit status other than 0 if it can't do what it is asked, and
leaves nothing running but what `up` left running before. That holds for Ctrl-C, SIGTERM and a
closed terminal too. After a SIGKILL, which no program can act on, the next command ends what
was left and fails the Airflow runs that the killed one followed.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from include.day import DayError, DayPlan, plan_day
from local.launcher.layout import default_layout
from local.launcher.ports import parse_port
from local.launcher.processes import STOPS, ServiceError
from local.launcher.source import SourceError, choose_source

if TYPE_CHECKING:
    # What a stack needs takes seconds to import; a wrong DAY is told at once
    from local.launcher.stack import Stack

DEFAULT_DAY = "2015-01-01"
START_BYTES = 300 * 2**20


def main() -> int:
    """Run one command; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="take a day through the pipeline and show the result")
    run.add_argument("--day", help=f"YYYY-MM-DD, in UTC; {DEFAULT_DAY} if left out")
    backfill = commands.add_parser("backfill", help="take a range of days through the pipeline")
    backfill.add_argument("--from", dest="first", help="the first day")
    backfill.add_argument("--to", dest="last", help="the last day")
    for command in (run, backfill):
        command.add_argument("--hours", help="12, 14-17 or 0,6,12-14; all hours if left out")
    up = commands.add_parser("up", help="start the stand-ins and Airflow and leave them running")
    for command in (run, backfill, up):
        command.add_argument("--source", help="a folder of YYYY-MM-DD-H.json.gz files")
        command.add_argument("--port", help="the port of Airflow's UI")
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
    except (DayError, SourceError, ServiceError, OSError) as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted: everything this command started is stopped.", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    day, hours = arguments.day or DEFAULT_DAY, arguments.hours or "0-23"
    plan = _plan(day, hours)
    with _running_stack(arguments, plan.hours) as stack:
        from local.launcher.day_run import run_day
        from local.launcher.report import print_run

        print(
            f"Running {plan.day}, {len(plan.hours)} of its hours, from {stack.source.description}"
        )
        run, peak_memory = run_day(stack, plan.day, hours)
        print_run(stack, plan.day, run, peak_memory)
        if run["state"] != "success":
            stack.layout.check_disk()
    return 0 if run["state"] == "success" else 1


def _backfill(arguments: argparse.Namespace) -> int:
    if not (arguments.first and arguments.last):
        raise DayError("name the days, as in `make backfill FROM=2015-01-01 TO=2015-01-03`")
    hours = arguments.hours or "0-23"
    first, last = _plan(arguments.first, hours).day, _plan(arguments.last, hours).day
    if first > last:
        raise DayError(f"FROM={first} is after TO={last}")
    if last == datetime.now(UTC).date().isoformat():
        raise DayError(f"TO={last} isn't over (UTC); `make run DAY={last}` takes what is there")
    with _running_stack(arguments) as stack:
        from local.launcher.day_run import backfill
        from local.launcher.report import print_backfill

        print(f"Backfilling {first} to {last} from {stack.source.description}")
        runs = backfill(stack, first, last, hours)
        print_backfill(stack, runs)
        days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
        if len(runs) < days:
            raise ServiceError(
                f"{days - len(runs)} of {days} days are not in this backfill: other runs of "
                "theirs are under way. Run it again when they have ended"
            )
    return 0 if all(run["state"] == "success" for run in runs) else 1


def _up(arguments: argparse.Namespace) -> int:
    with _running_stack(arguments) as stack:
        stack.keep()
        print(stack.whereabouts())
    return 0


def _down(_arguments: argparse.Namespace) -> int:
    from local.launcher.stack import Stack

    layout = default_layout()
    Stack(layout).stop()
    print(f"Stopped. The data stays in {layout.data}; `make up` continues with it.")
    return 0


def _status(_arguments: argparse.Namespace) -> int:
    from local.launcher.stack import Stack

    stack = Stack(default_layout())
    if not stack.is_up():
        print("Nothing is running. `make up` starts the stand-ins and Airflow.")
        return 0
    stack.check()
    print(stack.whereabouts())
    return 0


def _plan(day: str, hours: str) -> DayPlan:
    """Check the user's day and hours before anything is started for them."""
    return plan_day(day, hours, logical_date=None, now=datetime.now(UTC))


@contextmanager
def _running_stack(arguments: argparse.Namespace, hours: Sequence[str] = ()) -> Iterator["Stack"]:
    """Use the stack that `up` left running, or run one for as long as the command lasts."""
    from local.launcher.stack import Stack

    port = parse_port(arguments.port) if arguments.port else None
    wanted = choose_source(arguments.source) if arguments.source else None
    layout = default_layout()
    layout.check_disk(START_BYTES)
    stack = Stack(layout)
    with layout.only_one_command():
        is_kept = stack.is_kept()
        is_ready = is_kept and stack.serves(wanted, port)
        source = wanted or (stack.source if is_kept else choose_source(None))
        source.require(hours)
        try:
            with stack.failures_explained():
                if not is_ready:
                    stack.start(source, port)
                if is_kept:
                    stack.keep()
                yield stack
        finally:
            if not stack.is_kept():
                # A second Ctrl-C must not stop the stopping
                for number in STOPS:
                    signal.signal(number, signal.SIG_IGN)
                stack.stop()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    for stop in STOPS:
        signal.signal(stop, _interrupt)
    sys.exit(main())
