"""Everything that may be wrong with an hour, one named fixture a class; docs/verdicts.md explains.

Each says which verdict or error the hour ends in, and what of its lines is kept and quarantined.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import google_crc32c
import msgspec
from azure.storage.blob import ContainerClient

from include.ingest import ArchiveHour, Containers, IngestSettings, ingest_hour
from include.ingest.events import Reason
from tests.blob_storage import AzureContainers, Storage
from tests.ingest.archive_server import Answer, ArchiveServer
from tests.ingest.conftest import event, gz, ndjson
from tests.ingest.tcp_proxy import TcpProxy

HOUR = datetime(2015, 1, 1, 12)
FILE = "2015-01-01-12.json.gz"
MANIFEST = "2015-01-01-12.manifest.json"


@dataclass
class Scene:
    """Where a defect shows: it changes what it needs to."""

    archive: ArchiveServer
    storage: Storage
    prefix: str
    proxy: TcpProxy
    settings: IngestSettings
    containers: AzureContainers
    hour: datetime = HOUR


@dataclass(frozen=True)
class Defect:
    """A class of defects and what becomes of an hour that has it.

    `kept` are the lines in the blob; `quarantined` are the bad ones, in the order of the file, and
    why. `keeps_file` is what of the file lies in the quarantine. An error's message `says`.
    """

    name: str
    result: str
    arrange: Callable[[Scene], None]
    kept: bytes = b""
    quarantined: list[tuple[Reason, bytes]] = field(default_factory=list)
    keeps_file: bytes | None = None
    says: str = ""


_WORDS = [f"{number:x}" * 3 for number in random.Random(1).sample(range(1000), 500)]


def _payload(number: int) -> dict[str, str]:
    return {"message": " ".join(random.Random(number).choices(_WORDS, k=170))}


EVENTS = [event(number, payload=_payload(number)) for number in range(600)]
BEFORE, AFTER = ndjson(*EVENTS[:300]), ndjson(*EVENTS[300:])
GOOD = BEFORE + AFTER
"""600 lines, of which some 150 KB of gzip come: several reads, and several answers."""
SOURCE = gz(GOOD)
HALF = len(SOURCE) // 2
OTHER = ndjson(*EVENTS[:500])


def serves(*answers: Answer) -> Callable[[Scene], None]:
    """Arrange that the archive answers so."""
    return lambda scene: scene.archive.serve(FILE, *answers)


def content(name: str, line: bytes, reason: Reason | None = None, raw: bytes = b"") -> Defect:
    """Return the defect of one line among good ones: it is quarantined if there is a reason."""
    file = gz(BEFORE + line + b"\n" + AFTER)
    kept = GOOD if reason else BEFORE + line + b"\n" + AFTER
    quarantined = [(reason, raw or line)] if reason else []
    return Defect(name, "published", serves(Answer(file)), kept, quarantined)


def damage(
    name: str, body: bytes, kept: bytes, rest: bytes = b"", answer: Answer | None = None
) -> Defect:
    """Return the defect of a file: `rest` is what comes of the line that was cut."""
    bad: list[tuple[Reason, bytes]] = [("not_json", rest)] if rest else []
    return Defect(name, "damaged", serves(answer or Answer(body)), kept, bad, body)


def cut(body: bytes) -> tuple[bytes, bytes]:
    """Return the whole lines of a gzip that is cut, and the beginning of the next."""
    lines, newline, rest = zlib.decompressobj(31).decompress(body).rpartition(b"\n")
    return lines + newline, rest


def broken_at(content: bytes, at: int) -> bytes:
    """Return a gzip whose block that holds `content[at:]` is one that doesn't exist."""
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(content[:at]) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(content[at:]) + packer.flush()
    return start + bytes([rest[0] | 0b110]) + rest[1:]


def hashed(crc32c: bytes, md5: bytes) -> dict[str, str]:
    """Return what Google's storage says of a file."""
    said = {"crc32c": google_crc32c.value(crc32c).to_bytes(4, "big")}
    said["md5"] = hashlib.md5(md5, usedforsecurity=False).digest()
    return {
        "X-Goog-Hash": ", ".join(
            f"{name}={base64.b64encode(value).decode()}" for name, value in said.items()
        )
    }


def manifest(sha256_of: bytes) -> Answer:
    """Return what a mirror says beside a file."""
    sha256 = hashlib.sha256(sha256_of).hexdigest()
    return Answer(json.dumps({"sha256": sha256, "event_count": 600}).encode())


# --- More than one answer ------------------------------------------------------------------------


def _young(scene: Scene) -> None:
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    scene.hour = this_hour - timedelta(hours=2)


def _vanished(scene: Scene) -> None:
    serves(Answer(SOURCE))(scene)
    ingest_hour(HOUR, scene.settings, scene.containers)
    serves(Answer(status=404))(scene)


def _vanished_with_its_blob(scene: Scene) -> None:
    _vanished(scene)
    scene.storage.owner.get_blob_client(
        scene.containers.events.container_name, ArchiveHour.of(HOUR).events_name
    ).delete_blob()


def _republished(scene: Scene) -> None:
    serves(Answer(gz(OTHER)))(scene)
    ingest_hour(HOUR, scene.settings, scene.containers)
    serves(Answer(SOURCE))(scene)


def _damaged_later(scene: Scene) -> None:
    serves(Answer(SOURCE))(scene)
    ingest_hour(HOUR, scene.settings, scene.containers)
    serves(Answer(SOURCE[:HALF]))(scene)


def _among_neighbours(body: bytes) -> Callable[[Scene], None]:
    def arrange(scene: Scene) -> None:
        for other in ArchiveHour.of(HOUR).neighbours():
            scene.archive.serve(other.source_url("").lstrip("/"), Answer(SOURCE))
        serves(Answer(body))(scene)

    return arrange


def _with_manifest(sha256_of: bytes) -> Callable[[Scene], None]:
    def arrange(scene: Scene) -> None:
        scene.archive.serve(MANIFEST, manifest(sha256_of))
        serves(Answer(SOURCE))(scene)

    return arrange


def _redirected(scene: Scene) -> None:
    serves(Answer(status=302, headers={"Location": "/mirror/file.gz"}))(scene)
    scene.archive.serve("mirror/file.gz", Answer(SOURCE))


def _busy_until_a_date(scene: Scene) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    serves(Answer(status=429, headers={"Retry-After": until}), Answer(SOURCE))(scene)


def _stalls(scene: Scene) -> None:
    scene.settings = msgspec.structs.replace(scene.settings, attempts=1, read_timeout=0.3)
    serves(Answer(SOURCE, sends=HALF, then_stalls=True))(scene)


def _unreachable(scene: Scene) -> None:
    scene.settings = msgspec.structs.replace(scene.settings, base_url="http://127.0.0.1:1")


def _by_sas(sas: Callable[[Storage], str]) -> Callable[[Scene], None]:
    def arrange(scene: Scene) -> None:
        serves(Answer(SOURCE))(scene)
        scene.containers = scene.storage.containers(scene.prefix, sas(scene.storage))

    return arrange


def _wrong_signature(storage: Storage) -> str:
    signed, _, signature = storage.sas().rpartition("sig=")
    return f"{signed}sig={signature.swapcase()}"


def _without_container(scene: Scene) -> None:
    serves(Answer(SOURCE))(scene)
    scene.containers = scene.storage.containers("absent", scene.storage.sas())


def through(proxy: TcpProxy, storage: Storage, prefix: str) -> AzureContainers:
    """Return clients that reach storage through a proxy, and don't wait for it for long."""
    url = storage.url.replace(storage.address, proxy.address)
    return Containers.opened(
        lambda name: ContainerClient(
            url,
            name,
            credential=storage.sas(),
            retry_total=0,
            connection_timeout=1,
            read_timeout=0.5,
        ),
        prefix=f"{prefix}-",
    )


def _storage_stalls(scene: Scene) -> None:
    serves(Answer(SOURCE))(scene)
    scene.settings = msgspec.structs.replace(scene.settings, attempts=1)
    scene.containers = through(scene.proxy, scene.storage, scene.prefix)
    scene.proxy.fail("stalls", "requests", HALF)


def _storage_breaks(scene: Scene) -> None:
    serves(Answer(SOURCE))(scene)
    scene.containers = through(scene.proxy, scene.storage, scene.prefix)
    scene.proxy.fail("breaks", "requests", HALF)


# --- The table -----------------------------------------------------------------------------------

_ONE = ndjson(EVENTS[0])
_CRLF = GOOD.replace(b"\n", b"\r\n")
_LONG = b'{"payload":"' + b"x" * (20 << 20) + b'"}'
_RAW = ndjson(event(1, payload="?"))[:-1]
_CUT, _CUT_REST = cut(SOURCE[:HALF])
_SECOND, _SECOND_REST = cut(gz(AFTER)[:HALF])
_BUSY = Answer(b"slow down", status=429, headers={"Retry-After": "1"})
_PAGE = Answer(
    b"<!doctype html><title>Log in</title>", headers={"Content-Type": "text/html; charset=utf-8"}
)
_WRONG_CRC = SOURCE[:-8] + bytes([SOURCE[-8] ^ 1]) + SOURCE[-7:]

LINES = [
    content("a cut-off line", _RAW[:60], "not_json"),
    content("two lines run together", _RAW + _RAW, "not_json"),
    content("a blank line", b" ", "blank"),
    content("invalid UTF-8 in a skipped field", _RAW.replace(b"?", b"\xff"), "not_utf8"),
    content("NUL bytes", b"\0" * 4096, "not_json"),
    content("a byte order mark", b"\xef\xbb\xbf" + _RAW, "not_json"),
    content("half a surrogate pair", _RAW.replace(b"?", rb"\ud800"), "not_json"),
    content("a line of 20 MB", _LONG, "too_long", _LONG[: 1 << 20]),
    content("nesting 10,000 deep", b"[" * 10_000 + b"]" * 10_000, "nested_too_deep"),
    content("a number beyond a double", _RAW.replace(b'"?"', b"1e999"), "number_too_large"),
    content("null for an event", b"null", "not_an_event"),
    content("an array for an event", b"[" + _RAW + b"]", "not_an_event"),
    content("no payload", _RAW.replace(b"payload", b"load"), "not_an_event"),
    content("a time that is none", _RAW.replace(b"T12:", b"T25:"), "bad_created_at"),
    content("duplicate keys", _RAW[:-1] + b', "type": "WatchEvent"}'),
    content("an integer beyond 64 bits", _RAW.replace(b'"?"', b"123456789012345678901234567890")),
]

FILES = [
    Defect("0 bytes", "empty", serves(Answer(b""))),
    Defect("no lines", "empty", serves(Answer(gz(b"")))),
    Defect("one line", "suspiciously_small", _among_neighbours(gz(_ONE)), _ONE),
    Defect("no newline at the end", "published", serves(Answer(gz(GOOD[:-1]))), GOOD),
    Defect("CRLF", "published", serves(Answer(gz(_CRLF))), _CRLF),
    Defect("several gzip members", "published", serves(Answer(gz(BEFORE) + gz(AFTER))), GOOD),
    Defect("zeros after the gzip", "published", serves(Answer(SOURCE + b"\0" * 999)), GOOD),
    damage("a truncated gzip", SOURCE[:HALF], _CUT, _CUT_REST),
    damage("a gzip without its trailer", SOURCE[:-8], GOOD),
    damage(
        "a second member that is cut",
        gz(BEFORE) + gz(AFTER)[:HALF],
        BEFORE + _SECOND,
        _SECOND_REST,
    ),
    damage("a corrupt middle", broken_at(GOOD, len(BEFORE)), BEFORE),
    damage("a corrupt middle of a small file", broken_at(GOOD[:9000], 5000), *cut(gz(GOOD[:5000]))),
    damage("a corrupt CRC", _WRONG_CRC, GOOD),
    damage("garbage after the gzip", SOURCE + b"garbage" * 9, GOOD),
    damage("not gzip", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), b""),
    Defect(
        "mostly unusable lines",
        "UnusableHour",
        serves(Answer(gz(GOOD + b"nonsense\n" * 60))),
        says=r"60 of 660 lines .*'not_json': 60",
    ),
]

ANSWERS = [
    Defect("404, young", "NotYetPublished", _young, says="not there yet"),
    Defect("404, old", "never_published", lambda _: None),
    Defect("404 after it was there", "published", _vanished, GOOD),
    Defect(
        "404 after it was there, and its blob is gone",
        "UnusableHour",
        _vanished_with_its_blob,
        says="Restore the blob",
    ),
    Defect("another version", "republished", _republished, GOOD),
    Defect("an HTML page", "PermanentIngestError", serves(_PAGE), says="not gzip.*proxy"),
    Defect("lines without gzip", "PermanentIngestError", serves(Answer(GOOD)), says="not gzip"),
    damage(
        "a body longer than Content-Length",
        SOURCE[:HALF],
        _CUT,
        _CUT_REST,
        Answer(SOURCE, says_bytes=HALF),
    ),
    Defect(
        "a body shorter than Content-Length",
        "TransientIngestError",
        serves(Answer(SOURCE, sends=HALF)),
        says=f"broke off after {HALF} bytes",
    ),
    Defect(
        "a body that breaks off at once",
        "TransientIngestError",
        serves(Answer(SOURCE, sends=0)),
        says="broke off after 0 bytes",
    ),
    Defect(
        "a chunked body that breaks off",
        "TransientIngestError",
        serves(Answer(SOURCE, sends=HALF, chunked=True)),
        says="broke off after",
    ),
    Defect(
        "a Content-Length that is no number",
        "published",
        serves(Answer(SOURCE, headers={"Content-Length": "some"}, chunked=True)),
        GOOD,
    ),
    Defect("a stall in the middle", "TransientIngestError", _stalls, says="timed out"),
    Defect("429 for a second", "published", serves(_BUSY, Answer(SOURCE)), GOOD),
    Defect("429 until a date", "published", _busy_until_a_date, GOOD),
    Defect(
        "429 and no end",
        "TransientIngestError",
        serves(Answer(b"slow down", status=429)),
        says="429",
    ),
    Defect("503 once", "published", serves(Answer(status=503), Answer(SOURCE)), GOOD),
    Defect("503 and no end", "TransientIngestError", serves(Answer(status=503)), says="503"),
    Defect("401", "PermanentIngestError", serves(Answer(status=401)), says="401"),
    Defect("403", "PermanentIngestError", serves(Answer(status=403)), says="403"),
    Defect("410", "PermanentIngestError", serves(Answer(status=410)), says="410"),
    Defect("a redirect", "published", _redirected, GOOD),
    Defect(
        "an endless redirect",
        "PermanentIngestError",
        serves(Answer(status=302, headers={"Location": f"/{FILE}"})),
        says="base_url",
    ),
    Defect(
        "a redirect to nowhere",
        "PermanentIngestError",
        serves(Answer(status=302, headers={"Location": "http://[/"})),
        says="base_url",
    ),
    Defect("an unreachable host", "TransientIngestError", _unreachable, says="reached"),
    Defect(
        "another version while it is read",
        "published",
        serves(Answer(SOURCE, sends=HALF, resumes=True), Answer(gz(OTHER), resumes=True)),
        OTHER,
    ),
    Defect(
        "right checksums",
        "published",
        serves(Answer(SOURCE, headers=hashed(crc32c=SOURCE, md5=SOURCE))),
        GOOD,
    ),
    damage(
        "a wrong crc32c",
        SOURCE,
        GOOD,
        answer=Answer(SOURCE, headers=hashed(crc32c=b"other", md5=SOURCE)),
    ),
    damage(
        "a wrong md5",
        SOURCE,
        GOOD,
        answer=Answer(
            SOURCE,
            headers={
                "X-Goog-Hash": hashed(SOURCE, b"other")["X-Goog-Hash"].partition(", ")[2],
            },
        ),
    ),
    Defect("a right manifest", "published", _with_manifest(SOURCE), GOOD),
    Defect(
        "a wrong manifest",
        "damaged",
        _with_manifest(b"other"),
        GOOD,
        keeps_file=SOURCE,
    ),
    Defect(
        "a damage that changes from try to try",
        "DamagedSource",
        serves(*(Answer(SOURCE[:size], tag='"same"') for size in (HALF, HALF + 1, HALF))),
        says="truncated",
    ),
    Defect(
        "a damage of changing versions",
        "DamagedSource",
        serves(*(Answer(SOURCE[:HALF], tag=f'"{n}"') for n in range(3))),
        says="truncated",
    ),
    Defect(
        "a damage of an hour that is held whole",
        "DamagedSource",
        _damaged_later,
        says="truncated",
    ),
    Defect(
        "a damage without an ETag",
        "DamagedSource",
        serves(Answer(SOURCE[:HALF], has_etag=False)),
        says="truncated",
    ),
]

STORAGE = [
    Defect(
        "a SAS that is wrong",
        "PermanentIngestError",
        _by_sas(_wrong_signature),
        says="403 Auth[a-zA-Z]+: renew the SAS",
    ),
    Defect(
        "a SAS that may only read",
        "PermanentIngestError",
        _by_sas(lambda storage: storage.sas("r")),
        says="403 Auth[a-zA-Z]+: renew the SAS",
    ),
    Defect(
        "a SAS that has expired",
        "PermanentIngestError",
        _by_sas(lambda storage: storage.sas(hours=-1)),
        says="403 Auth[a-zA-Z]+: renew the SAS",
    ),
    Defect(
        "a container that doesn't exist",
        "PermanentIngestError",
        _without_container,
        says="404 ContainerNotFound: create the container",
    ),
    Defect("storage that stalls", "TransientIngestError", _storage_stalls, says="no answer"),
    Defect("storage that breaks off", "TransientIngestError", _storage_breaks, says="no answer"),
]

DEFECTS = [*LINES, *FILES, *ANSWERS, *STORAGE]
