"""Try a Snowflake account: deploy, load an hour, build, publish, and drop all of it again."""

import argparse
import os
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import NoReturn

import snowflake.connector

from account_check import cost, report, scratch
from account_check.account import Account, ConnectionMissingError, rows
from account_check.check import SIGNALS, check, clean
from account_check.findings import Findings
from account_check.redaction import Redaction, secrets_of
from account_check.run import Run
from account_check.source import served
from account_check.storage import BlobContainers, InternalStages, Storage
from local.launcher.source import SourceError, choose_source

DIFFERS, REFUSED, INTERRUPTED = 1, 2, 130
BLOB_URL, BLOB_SAS = "GHARCHIVE_BLOB_URL", "GHARCHIVE_BLOB_SAS"
TENANT, QUEUE = "GHARCHIVE_AZURE_TENANT_ID", "GHARCHIVE_QUEUE_URL"
EPILOG = f"""
The connection is that of make snowflake-account. {BLOB_URL} and {BLOB_SAS} name Blob storage where
containers may be made; without them the stages are internal. Exit status: 0 if all that was tried
holds, {DIFFERS} if something differs or is still there, {REFUSED} if nothing was tried,
{INTERRUPTED} if it was interrupted.
"""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        account = Account.from_environment()
        if options.drop:
            return _drop(account, options.drop)
        return _check(account, options)
    except (ConnectionMissingError, SourceError, ValueError, snowflake.connector.Error) as error:
        print(f"account-check: {error}", file=sys.stderr)
        return REFUSED


def _hour(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H")
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}': write it as 2015-01-01T12") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m account_check", description=__doc__, epilog=EPILOG
    )
    parser.add_argument("--yes", action="store_true", help="don't ask about the cost")
    parser.add_argument(
        "--hour",
        type=_hour,
        default=datetime(2015, 1, 1, 12),
        help="of the archive (UTC), as 2015-01-01T12",
    )
    parser.add_argument("--source", help="a folder of YYYY-MM-DD-H.json.gz, as make run's")
    parser.add_argument(
        "--tasks", action="store_true", help=f"the pipe and task graph too: {TENANT}, {QUEUE}"
    )
    parser.add_argument("--models", help="dbt's selection of models (all)")
    parser.add_argument("--behaviours", help="pytest's -k for the conformance suite (all)")
    parser.add_argument("--drop", metavar="PREFIX", help="drop what a killed check has left behind")
    return parser


def _storage(prefix: str, folder: Path) -> Storage:
    url, sas = os.environ.get(BLOB_URL), os.environ.get(BLOB_SAS)
    if url and sas:
        return BlobContainers(url, sas, prefix, os.environ.get(TENANT))
    return InternalStages(folder)


def _drop(account: Account, prefix: str) -> int:
    if not scratch.FORM.fullmatch(prefix):
        raise ValueError(
            f"{prefix!r} is no check's: it begins with ACCOUNT_CHECK_ and 8 hex digits"
        )
    with TemporaryDirectory() as folder:
        left = clean(account, prefix, _storage(prefix, Path(folder)))
    print("\n".join(left) or f"Nothing of {prefix} is left")
    return DIFFERS if left else 0


def _check(account: Account, options: argparse.Namespace) -> int:
    queue = os.environ.get(QUEUE) if options.tasks else None
    if options.tasks and not (queue and os.environ.get(TENANT) and os.environ.get(BLOB_SAS)):
        raise ValueError(f"the pipe and the tasks need {BLOB_URL}, {BLOB_SAS}, {TENANT}, {QUEUE}")
    source = choose_source(options.source)
    source.require([f"{options.hour:%Y-%m-%dT%H}"])
    with account.administrator() as connection, connection.cursor() as cursor:
        about, names = _whose(cursor)
        others = scratch.left_behind(cursor)
    redaction = Redaction(
        [
            *secrets_of(account, os.environ.get(BLOB_URL, ""), os.environ.get(BLOB_SAS)),
            *(os.environ.get(name, "") for name in (TENANT, QUEUE)),
            *names,
        ]
    )

    print(f"The hour {options.hour:%Y-%m-%d %H:00} comes from {source.description}.")
    for other in others:
        print(f"An earlier check has left {other} behind: make account-check DROP={other}")
    print(cost.estimate())
    if not options.yes and not _agreed():
        print("Nothing was done. (--yes, or make account-check YES=1, doesn't ask.)")
        return REFUSED

    prefix, begun, interrupted = scratch.new_prefix(), monotonic(), False
    print(f"All that it makes begins with {prefix}, and is dropped at the end.", flush=True)
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    findings = Findings(redaction)
    with TemporaryDirectory() as name:
        folder = Path(name)
        run = Run(
            account=account,
            prefix=prefix,
            folder=folder,
            storage=_storage(prefix, folder),
            hour=options.hour,
            source="archive" if source.url else source.route,
            models=options.models,
            behaviours=options.behaviours,
            queue_url=queue,
        )
        try:
            with served(source, folder / "simulated") as run.source_url:
                check(run, findings, _say)
        except KeyboardInterrupt:
            interrupted = True
        took = timedelta(seconds=monotonic() - begun)
        file = report.write(run, findings, took, about)
    report.print_table(findings)
    print(f"{took.seconds} s. The report, without secrets: {file}")
    if interrupted:
        return INTERRUPTED
    return 0 if findings.all_hold() else DIFFERS


def _whose(cursor: snowflake.connector.cursor.SnowflakeCursor) -> tuple[str, list[str]]:
    """Return what may be told of an account, and its names, which may not."""
    ((version, region),) = rows(cursor, "select current_version(), current_region()")
    ((*names,),) = rows(
        cursor,
        "select current_account(), current_account_name(), current_organization_name(),"
        " current_user()",
    )
    return f"Snowflake {version}, {region}.", [str(name) for name in names if name]


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _interrupt(*_: object) -> NoReturn:
    # The first is enough: what follows it is the dropping
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    """Print, if anybody still reads: what was made has to be dropped all the same."""
    with suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
