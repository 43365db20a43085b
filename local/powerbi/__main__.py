"""Run the stand-in: `python -m local.powerbi --port 8443 --state FILE`.

The one client it knows comes from POWERBI_CLIENT_ID and POWERBI_CLIENT_SECRET.
"""

import argparse
import os
from pathlib import Path

import uvicorn

from local.powerbi.service import make_app


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.powerbi", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="JSON file, made if missing")
    parser.add_argument("--certificate", type=Path, help="PEM; with --key, serve over TLS")
    parser.add_argument("--key", type=Path, help="PEM of the certificate's private key")
    arguments = parser.parse_args()
    try:
        client = os.environ["POWERBI_CLIENT_ID"], os.environ["POWERBI_CLIENT_SECRET"]
    except KeyError as missing:
        parser.error(f"set the environment variable {missing}")
    # The state holds tokens
    os.umask(0o077)
    uvicorn.run(
        make_app(arguments.state, *client),
        host="127.0.0.1",
        port=arguments.port,
        ssl_certfile=arguments.certificate,
        ssl_keyfile=arguments.key,
        timeout_graceful_shutdown=1,
    )


main()
