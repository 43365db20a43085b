"""Java for Spark: the machine's if it will do, else one in the project folder."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from local.setup.paths import JAVA, JAVA_HOME, PYTHON
from local.setup.step import SetupError, Step, replacing, run

OLDEST = 17
DEBIAN = ("openjdk-17-jre-headless", "openjdk-21-jre-headless")
INSTALL_JDK = """
import sys, jdk
try:
    jdk.install(sys.argv[1], path=sys.argv[2])
except jdk.JdkError as error:
    sys.exit(f"install-jdk: {error}")
"""
FIX = (
    f"Install Java {OLDEST} or newer and make sure that `java` is on PATH or JAVA_HOME names its"
    " folder, then run make again."
)


def make() -> None:
    """Find or install a Java, and link to it."""
    home = find() or install()
    JAVA_HOME.unlink(missing_ok=True)
    JAVA_HOME.symlink_to(home)


def find() -> Path | None:
    """Return the home of the first Java that Spark can run on."""
    candidates = [
        Path(os.environ.get("JAVA_HOME", "/nonexistent")) / "bin" / "java",
        Path(shutil.which("java") or "/nonexistent"),
        *sorted(JAVA.glob("**/bin/java")),
    ]
    return next((home for java in candidates if (home := home_of(java))), None)


def home_of(java: Path) -> Path | None:
    """Return where this Java lives, if it is new enough and has the module that Spark needs."""
    try:
        answer = subprocess.run(
            [java, "--add-modules=jdk.incubator.vector", "-XshowSettings:properties", "-version"],
            capture_output=True,
            text=True,
            errors="replace",
        )
    except OSError:
        return None
    version = re.search(r"java\.specification\.version = (\d+)", answer.stderr)
    home = re.search(r"java\.home = (.+)", answer.stderr)
    if answer.returncode or not version or not home or int(version[1]) < OLDEST:
        return None
    return Path(home[1].strip())


def install() -> Path:
    """Install a Java by the first way that works; raises SetupError if none does."""
    ways = [with_install_jdk]
    if shutil.which("apt-get"):
        ways.append(with_apt if os.geteuid() == 0 else with_dpkg)
    failures = []
    for way in ways:
        try:
            way()
        except SetupError as error:
            failures.append(error.what)
        if home := find():
            return home
    raise SetupError(
        f"no Java of at least {OLDEST} was found, and installing one failed:\n  "
        + "\n  ".join(failures),
        FIX,
    )


def with_install_jdk() -> None:
    """Install a full JDK by install-jdk, which reaches beyond the package registries."""
    with replacing(JAVA) as folder:
        run([PYTHON, "-c", INSTALL_JDK, str(OLDEST), folder], fix=FIX)


def with_apt() -> None:
    """Install Debian's package; as root."""
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], fix=FIX, env=env)
    run(
        ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", _debian_package()],
        fix=FIX,
        env=env,
    )


def with_dpkg() -> None:
    """Unpack Debian's package into the project folder; without root."""
    with replacing(JAVA) as folder:
        run(["apt-get", "download", _debian_package()], fix=FIX, cwd=folder)
        for package in folder.glob("*.deb"):
            run(["dpkg", "-x", package, folder], fix=FIX)
            package.unlink()
        # The package's settings lie in /etc, where its links point
        for link in folder.glob("usr/**/*"):
            if link.is_symlink() and (target := Path(os.readlink(link))).is_absolute():
                inside = folder / target.relative_to("/")
                link.unlink()
                if inside.exists():
                    link.symlink_to(os.path.relpath(inside, link.parent))


def _debian_package() -> str:
    for package in DEBIAN:
        shown = subprocess.run(["apt-cache", "show", package], capture_output=True)
        if shown.returncode == 0:
            return package
    raise SetupError(f"apt-get knows none of {', '.join(DEBIAN)}", FIX)


STEP = Step(
    name="java",
    does=f"Java {OLDEST} or newer",
    make=make,
    # Gone as soon as the Java it links to is
    outputs=(JAVA_HOME / "bin" / "java",),
    inputs=lambda: [str(OLDEST)],
)
