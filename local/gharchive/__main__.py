"""Run the host: `python -m local.gharchive --port P --cache DIR [--folder DIR]`."""

import argparse
from pathlib import Path

import uvicorn

from local.gharchive.host import create_app
from local.gharchive.hours import SimulatedHours


def main() -> None:
    """Serve on 127.0.0.1 until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.gharchive", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="keeps the simulated hours")
    parser.add_argument("--folder", type=Path, help="hours to serve as they are")
    arguments = parser.parse_args()
    if arguments.folder and not arguments.folder.is_dir():
        parser.error(f"--folder {arguments.folder} is no folder")
    app = create_app(SimulatedHours(arguments.cache), arguments.folder)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, timeout_graceful_shutdown=2)


if __name__ == "__main__":
    main()
