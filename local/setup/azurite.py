"""Azurite, the stand-in for Azure Blob Storage, from the npm registry."""

import shutil

from local.setup.certificates import machine_bundle
from local.setup.paths import AZURITE, AZURITE_BLOB, CACHE, ROOT, node
from local.setup.step import Step, replacing, run

SOURCES = tuple(
    ROOT / "local" / "azurite" / name for name in ("package.json", "package-lock.json", ".npmrc")
)


def make() -> None:
    """Install what package-lock.json names; install scripts don't run."""
    npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    env = {"npm_config_cache": str(CACHE / "npm"), "npm_config_update_notifier": "false"}
    if bundle := machine_bundle():
        env["NODE_EXTRA_CA_CERTS"] = str(bundle)
    with replacing(AZURITE) as folder:
        for source in SOURCES:
            shutil.copy(source, folder)
        run(
            [node(), npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder,
            env=env,
            fix="Run make again; if it fails in the same way, check `npm ping`.",
        )
    shutil.rmtree(CACHE / "npm", ignore_errors=True)


STEP = Step(
    name="azurite",
    does="Azurite (the Blob stand-in) by npm",
    make=make,
    outputs=(AZURITE_BLOB,),
    inputs=lambda: SOURCES,
)
