"""The HTTP manners of the archive's host, for hours of either source."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.gharchive.hours import SimulatedHours, exists, hour_of


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def create_app(
    simulated: SimulatedHours, folder: Path | None = None, now: Callable[[], datetime] = _now
) -> Starlette:
    """Serve `/simulated/…`, the files of `folder` under `/folder/…`, and `/health`."""

    # Plain functions: starlette runs them in threads, where making an hour blocks nobody
    def simulated_hour(request: Request) -> Response:
        hour = hour_of(request.path_params["name"])
        if hour is None or not exists(hour, now()):
            return _not_found(request)
        return _file(request, simulated.path(hour))

    def folder_hour(request: Request) -> Response:
        name: str = request.path_params["name"]
        if folder is None or hour_of(name) is None:
            return _not_found(request)
        refusal = folder / f"{name}.status"
        if refusal.exists():
            return PlainTextResponse("Refused on purpose", status_code=int(refusal.read_text()))
        if not (folder / name).is_file():
            return _not_found(request)
        return _file(request, folder / name)

    def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/simulated/{name}", simulated_hour),
            Route("/folder/{name}", folder_hour),
            Route("/health", health),
        ]
    )


def _not_found(request: Request) -> Response:
    return PlainTextResponse(f"No such hour: {request.url.path}", status_code=404)


def _file(request: Request, path: Path) -> Response:
    stat = path.stat()
    md5 = _md5(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    headers = {
        "ETag": f'"{md5.hex()}"',
        "X-Goog-Hash": f"md5={b64encode(md5).decode()}",
        "Cache-Control": "public, max-age=3600",
    }
    if _holds(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type="application/gzip", stat_result=stat)


def _holds(if_none_match: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


@lru_cache(maxsize=10_000)
def _md5(path: Path, inode: int, size: int, mtime_ns: int) -> bytes:
    """Digest a file once for each of its states."""
    with path.open("rb") as file:
        return file_digest(file, "md5").digest()
