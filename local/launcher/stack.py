"""The local stack: the stand-ins and Airflow, started in order, checked, stopped together."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from subprocess import Popen

import psutil
import requests
import snowflake.connector
from azure.core.exceptions import AzureError, ResourceExistsError
from azure.storage.blob import BlobServiceClient

from include.ingest.settings import CONTAINER_NAMES
from local.launcher import processes
from local.launcher.airflow_api import AirflowApi
from local.launcher.environment import (
    ACCOUNT,
    AIRFLOW_USER,
    DATABASE,
    POWERBI_CLIENT_ID,
    airflow_environment,
    blob_url,
    deployment_environment,
    write_connection_file,
    write_environment_file,
)
from local.launcher.layout import Layout
from local.launcher.ports import choose_ports, lost_ports
from local.launcher.secrets import load_secrets, write_private
from local.launcher.source import Source
from local.setup import paths

START_SECONDS = 120
START_ATTEMPTS = 3


class Stack:
    """One local stack; `layout.data` is its state and its identity."""

    def __init__(self, layout: Layout, say: Callable[[str], None] = print) -> None:
        self.layout = layout
        self.secrets = load_secrets(layout.secrets)
        self.say = say

    @property
    def marker(self) -> str:
        """What every process of this stack carries in its environment."""
        return str(self.layout.data)

    @property
    def ports(self) -> dict[str, int]:
        """The ports chosen when the stack was last started."""
        return dict(json.loads((self.layout.ports).read_text()))

    @property
    def source(self) -> Source:
        """Where the hours come from, chosen when the stack was last started."""
        return Source(**json.loads((self.layout.source).read_text()))

    @property
    def airflow(self) -> AirflowApi:
        """Airflow's REST API, logged in."""
        return AirflowApi(self.airflow_url, AIRFLOW_USER, self.secrets.airflow_password)

    @property
    def airflow_url(self) -> str:
        """The address of Airflow's UI and API."""
        return f"http://127.0.0.1:{self.ports['airflow']}"

    def is_up(self) -> bool:
        """Tell whether any process of the stack runs."""
        return bool(processes.running(self.marker))

    def is_kept(self) -> bool:
        """Tell whether the stack runs because `up` has left it running."""
        return self.layout.kept.exists() and self.is_up()

    def keep(self) -> None:
        """Have the stack outlive this command."""
        self.layout.kept.touch()

    def serves(self, source: Source | None, port: int | None) -> bool:
        """Tell whether all of it runs, with the source and UI's port that are wanted."""
        try:
            self.check()
        except processes.ServiceError:
            return False
        return source in (None, self.source) and port in (None, self.ports["airflow"])

    def check(self) -> None:
        """Raise ServiceError if a service that was started runs no more."""
        alive = {process.pid for process in processes.running(self.marker)}
        for name, pid in self._services().items():
            if pid not in alive:
                log = self.layout.logs / f"{name}.log"
                raise processes.ServiceError(f"{name} has stopped.{processes.tail(log)}")

    @contextmanager
    def only_api_server(self) -> Iterator[None]:
        """Halt Airflow's other processes for some seconds.

        SQLite ends a transaction that reads and then writes if another one wrote in between, and
        the scheduler dies of runs that it took up and whose creation was then rolled back.
        """
        with ExitStack() as resumed:
            for name in ("scheduler", "dag-processor", "triggerer"):
                process = psutil.Process(self._services()[name])
                process.suspend()
                resumed.callback(process.resume)
            yield

    def _services(self) -> dict[str, int]:
        record = self.layout.services
        return dict(json.loads(record.read_text())) if record.exists() else {}

    @contextmanager
    def failures_explained(self) -> Iterator[None]:
        """Turn the errors of the services' clients into one that tells the likely cause."""
        try:
            yield
        except (OSError, snowflake.connector.Error, AzureError, processes.ServiceError) as error:
            self.layout.check_disk()
            self.check()
            blamed = {
                requests.RequestException: "api-server",
                snowflake.connector.Error: "snowflake",
                AzureError: "blob",
            }
            for kind, name in blamed.items():
                if isinstance(error, kind):
                    raise processes.ServiceError(
                        f"{name} doesn't answer as it should: {error}\n"
                        f"  Its log is {self.layout.logs / name}.log"
                    ) from error
            raise

    def start(
        self, source: Source, airflow_port: int | None = None, with_airflow: bool = True
    ) -> None:
        """Start everything, wait until it is ready, and create what the pipeline needs in it.

        `with_airflow=False` leaves out Airflow: its processes and its metadata database.
        """
        _check_set_up()
        for attempts_left in reversed(range(START_ATTEMPTS)):
            try:
                return self._start(source, airflow_port, with_airflow)
            except processes.ServiceError:
                lost = lost_ports(self.ports, self.marker)
                if not lost or not attempts_left:
                    raise
                self.say(f"Another program has taken {', '.join(lost)}: starting on other ports")

    def _start(self, source: Source, airflow_port: int | None, with_airflow: bool) -> None:
        self.stop()
        choose_ports(self.layout.ports, airflow_port)
        write_private(self.layout.source, json.dumps(asdict(source)))
        write_environment_file(self.layout, self._airflow_environment())
        self._start_stand_ins(source)
        # Airflow needs no store before its first task
        with ThreadPoolExecutor(max_workers=1) as beside:
            stores = beside.submit(self.create_stores)
            if with_airflow:
                self._migrate_airflow()
                self._start_airflow()
            stores.result()

    def whereabouts(self) -> str:
        """Tell the user where to look."""
        return (
            f"Airflow     {self.airflow_url}   user {AIRFLOW_USER}, "
            f"password {self.secrets.airflow_password}\n"
            f"Database    {self.layout.database} (DuckDB)\n"
            f"Blobs       {blob_url(self.ports)}\n"
            f"Logs        {self.layout.logs}\n"
            f"Shell       set -a; . {self.layout.environment_file}; set +a"
        )

    def stop(self) -> None:
        """Stop every process of the stack, its grandchildren too."""
        processes.stop(self.marker)
        for record in (self.layout.kept, self.layout.services):
            record.unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """Return the environment for a process that runs against this stack."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            # Airflow's own settings of another installation; and Airflow without bytecode is slow
            if not name.startswith("AIRFLOW") and name != "PYTHONDONTWRITEBYTECODE"
        }
        return processes.marked({**inherited, **self._airflow_environment()}, self.marker)

    def _airflow_environment(self) -> dict[str, str]:
        source = self.source
        url = source.url or f"http://127.0.0.1:{self.ports['gharchive']}/{source.route}"
        return airflow_environment(
            self.layout, self.ports, self.secrets, url
        ) | deployment_environment(self.layout, self.ports, self.secrets)

    def connect_snowflake(self) -> snowflake.connector.SnowflakeConnection:
        """Open a connection to the local Snowflake."""
        os.environ.update(
            REQUESTS_CA_BUNDLE=str(paths.CA_BUNDLE), SSL_CERT_FILE=str(paths.CA_BUNDLE)
        )
        return snowflake.connector.connect(
            account="gharchive",
            user="GHARCHIVE",
            host="127.0.0.1",
            port=self.ports["snowflake"],
            database=DATABASE,
            authenticator="SNOWFLAKE_JWT",
            private_key_file=str(paths.SNOWFLAKE_KEY),
            session_parameters={"CLIENT_OUT_OF_BAND_TELEMETRY_ENABLED": False},
        )

    def connect_blob(self) -> BlobServiceClient:
        """Open a connection to the local Blob Storage with the account's key."""
        return BlobServiceClient(
            blob_url(self.ports), credential=self.secrets.blob_account_key, retry_total=3
        )

    def _start_stand_ins(self, source: Source) -> None:
        data, ports = self.layout.data, self.ports
        python = str(paths.PYTHON)
        tls = [
            "--certificate",
            str(paths.SERVER_CERTIFICATE),
            "--key",
            str(paths.SERVER_KEY),
        ]
        blob_port = str(ports["blob"])
        commands = {
            "blob": [
                str(paths.node()),
                str(paths.AZURITE_BLOB),
                *("--blobHost", "127.0.0.1", "--blobPort", blob_port),
                *("--location", str(data / "blob")),
                *("--silent", "--skipApiVersionCheck", "--disableTelemetry"),
            ],
            "snowflake": [
                *(python, "-m", "snowflake_stand_in", "--port", str(ports["snowflake"])),
                *("--database", str(self.layout.database), *tls),
            ],
            "gharchive": [
                *(python, "-m", "local.gharchive", "--port", str(ports["gharchive"])),
                *("--cache", str(data / "simulated")),
                *(["--folder", source.folder] if source.folder else []),
            ],
            "powerbi": [
                *(python, "-m", "local.powerbi", "--port", str(ports["powerbi"])),
                *("--state", str(data / "powerbi.json"), *tls),
            ],
        }
        extra = {
            # The consent that a storage integration needs of Azure's administrator
            "snowflake": {"AZURE_STORAGE_KEY": self.secrets.blob_account_key},
            "blob": {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{self.secrets.blob_account_key}"},
            "powerbi": {
                "POWERBI_CLIENT_ID": POWERBI_CLIENT_ID,
                "POWERBI_CLIENT_SECRET": self.secrets.powerbi_client_secret,
            },
        }
        checks: dict[str, Callable[[], bool]] = {
            "blob": lambda: self._answers(f"http://127.0.0.1:{blob_port}/"),
            "snowflake": lambda: self._answers(f"https://127.0.0.1:{ports['snowflake']}/health"),
            "gharchive": lambda: self._answers(f"http://127.0.0.1:{ports['gharchive']}/health"),
            "powerbi": lambda: self._answers(f"https://127.0.0.1:{ports['powerbi']}/health"),
        }
        environment = self.environment()
        self._start_services(
            commands, checks, ports, {name: environment | extra.get(name, {}) for name in commands}
        )

    def _start_airflow(self) -> None:
        environment = self.environment()
        command = str(paths.BIN / "airflow")
        names = ("api-server", "scheduler", "dag-processor", "triggerer")
        self._start_services(
            {name: [command, name] for name in names},
            {"api-server": self._airflow_is_healthy},
            {"api-server": self.ports["airflow"]},
            dict.fromkeys(names, environment),
        )
        api = self.airflow
        for name, pool in json.loads(paths.POOLS.read_text()).items():
            api.set_pool(name, pool)
        api.unpause("gharchive_daily", timeout=START_SECONDS)

    def _start_services(
        self,
        commands: Mapping[str, list[str]],
        checks: Mapping[str, Callable[[], bool]],
        ports: Mapping[str, int],
        environments: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.say(f"Starting {', '.join(commands)}")
        started = {}
        for name, command in commands.items():
            log = self.layout.logs / f"{name}.log"
            started[name] = processes.start(
                command, environments[name], marker=self.marker, log=log
            )
        pids = {name: process.pid for name, process in started.items()}
        write_private(self.layout.services, json.dumps(self._services() | pids))
        for name in checks:
            log = self.layout.logs / f"{name}.log"

            def is_up(process: Popen[bytes] = started[name], name: str = name) -> bool:
                self.check()
                # What answers there may be another stack's
                return processes.listens(process, ports[name]) and checks[name]()

            processes.wait_until(name, is_up, started[name], log, START_SECONDS)

    def _airflow_is_healthy(self) -> bool:
        """Tell whether all four parts report a heartbeat."""
        try:
            health = requests.get(f"{self.airflow_url}/api/v2/monitor/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all(health.get(part, {}).get("status") == "healthy" for part in parts)

    def _answers(self, url: str) -> bool:
        try:
            requests.get(url, timeout=2, verify=str(paths.CA_BUNDLE))
        except requests.RequestException:
            return False
        return True

    def create_stores(self) -> None:
        """Create the containers, the database and everything in it; again without harm."""
        with self.connect_blob() as blob:
            for name in CONTAINER_NAMES.values():
                with suppress(ResourceExistsError):
                    blob.create_container(name)
        write_connection_file(self.layout, self.ports)
        for program in ("include.sql.account", "include.sql.deploy"):
            done = subprocess.run(
                [sys.executable, "-m", program],
                env=self.environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise processes.ServiceError(done.stderr)

    def _migrate_airflow(self) -> None:
        """Create or upgrade Airflow's metadata database; done once a version."""
        write_private(
            self.layout.airflow_passwords, json.dumps({AIRFLOW_USER: self.secrets.airflow_password})
        )
        lock = paths.ROOT / "requirements.txt"
        stamp = self.layout.airflow / "migrated-for"
        if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
            return
        self.say("Creating Airflow's metadata database")
        self.layout.airflow.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [paths.BIN / "airflow", "db", "migrate"],
            env=self.environment(),
            umask=0o077,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise processes.ServiceError(f"`airflow db migrate` failed:\n{done.stderr[-2000:]}")
        stamp.write_bytes(lock.read_bytes())


def _check_set_up() -> None:
    needed = (
        paths.node(),
        paths.AZURITE_BLOB,
        paths.SCHEMACHANGE / "bin" / "schemachange",
        paths.CA_BUNDLE,
        paths.SERVER_CERTIFICATE,
        paths.SERVER_KEY,
        paths.SNOWFLAKE_KEY,
        paths.TRUST_STORE,
        paths.SPARK_CONF / "spark-defaults.conf",
        paths.JAVA_HOME / "bin" / "java",
        paths.DBT_MANIFEST,
    )
    if missing := [str(path) for path in needed if not path.exists()]:
        raise processes.ServiceError(
            f"set-up isn't complete: {', '.join(missing)} missing. Run `make`, which installs it"
        )
