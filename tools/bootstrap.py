"""From a bare Python to a command that runs: a virtual environment with what is pinned.

Standard library only, and no syntax newer than Python 3.6: an old Python must get far
enough to be told so. `make` calls it; see the Makefile for the commands.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
OLDEST = (3, 11)
# Older ones look through the lists of packages for three times as long: measured 74 and 36 s of
# computing for all that is installed here.
QUICK_PIP, OLDEST_QUICK_PIP = "25.3", 24
# Much of the suite waits for browsers and servers: three at a time take a third of one's time.
# The order is that of tests/conftest.py: what takes longest begins first.
ALL_TESTS = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that is its own
MEMORY_NEEDED = 4 * 2**30  # bytes, some ten times what the tests have lying about at once
TERMINAL = "edge/requirements.txt"
OFFLINE = (
    "NewConnectionError",
    "Max retries exceeded",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "ProxyError",
    "ConnectTimeout",
)


class Stop(Exception):
    """The command can't go on. The message is for whoever typed it."""


def main(arguments: list) -> int:
    """Carry out one command of the Makefile."""
    command, rest = arguments[0], arguments[1:]
    os.chdir(str(ROOT))
    try:
        use_new_enough_python()
        make_venv()
        install("requirements.txt")
        install_if_offered("requirements-broker.txt")
        if command not in ("run", "demo", "build", "init", "doctor"):
            install("requirements-dev.txt")
            # With what it needs: its list is whole, and the reader's driver would ask for a package
            # that only a Raspberry Pi can have.
            install(TERMINAL, "--no-deps")
        return COMMANDS[command](rest)
    except Stop as reason:
        print("\n" + str(reason), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def use_new_enough_python() -> None:
    """Go on with a newer Python of this machine when the one that was called is too old."""
    if sys.version_info >= OLDEST:
        return
    for minor in (13, 12, 11, 14):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.call([found, "-c", "import venv"], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, *sys.argv])
    raise Stop(
        f"Cubby needs Python 3.11 or newer, and this is {sys.version.split()[0]}: install a newer "
        "one (on Debian and Ubuntu: apt-get install python3.11 python3.11-venv)."
    )


def make_venv() -> None:
    """Make .venv, unless there is one whose Python is new enough."""
    check = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    python = BIN / "python"
    if python.exists() and subprocess.call([str(python), "-c", check]) == 0 and has_pip():
        return
    print("Making a virtual environment in .venv", flush=True)
    if VENV.exists():
        shutil.rmtree(str(VENV))
    made = quietly([sys.executable, "-m", "venv", str(VENV)])
    if made.returncode or not has_pip():
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise Stop(
            "Python can't make virtual environments here: install its venv module "
            "(on Debian and Ubuntu: apt-get install python3-venv), then try again."
        )


def has_pip() -> bool:
    """Whether the virtual environment can install packages: making it may have been cut short."""
    return bool(list(VENV.glob("lib/python*/site-packages/pip/__main__.py")))


def install(requirements: str, *options: str) -> None:
    """Install a pinned list, unless exactly this list was installed before."""
    wanted, stamp = digest_of(requirements), stamp_of(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    command = [str(BIN / "python"), "-m", "pip", "install", "--requirement", requirements]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--retries=2"]
    command += options
    renew_pip()
    log = VENV / "install.log"
    total = sum(1 for line in (ROOT / requirements).open() if line[:1].isalnum())
    with log.open("w") as kept:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
        )
        try:
            show_progress(process, kept, requirements, total)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()
    if process.returncode:
        raise Stop(explain_install(log))
    stamp.write_text(wanted)


def digest_of(requirements: str) -> str:
    """What tells one list from another."""
    return hashlib.sha256((ROOT / requirements).read_bytes()).hexdigest()


def stamp_of(requirements: str) -> Path:
    """Where it is written which list was installed last."""
    return VENV / (requirements.replace("/", "-") + ".sha256")


def install_if_offered(requirements: str) -> None:
    """Install what there is a wheel of for this machine; what there is none of is done without."""
    try:
        install(requirements, "--only-binary=:all:", "--no-deps")
    except Stop:
        print("Not to be had for this machine: Cubby goes on without.", flush=True)
        if not any(sign in (VENV / "install.log").read_text() for sign in OFFLINE):
            stamp_of(requirements).write_text(digest_of(requirements))  # not tried each time


def renew_pip() -> None:
    """Replace an old pip, which is slow. Where that can't be done, it will do."""
    found = next(iter(VENV.glob("lib/python*/site-packages/pip-*.dist-info")), None)
    version = found.name[len("pip-") :] if found else ""
    if version.split(".")[0].isdigit() and int(version.split(".")[0]) < OLDEST_QUICK_PIP:
        command = [str(BIN / "python"), "-m", "pip", "install", "pip==" + QUICK_PIP]
        quietly([*command, "--disable-pip-version-check", "--no-input", "--retries=0"])


def show_progress(process: subprocess.Popen, kept, requirements: str, total: int) -> None:
    """One line that counts, on a terminal; one line at each quarter elsewhere."""
    count = 0
    label = "Installing the packages of " + requirements
    print(label, end="", flush=True)
    for line in process.stdout or ():
        kept.write(line)
        if line.startswith(("Collecting", "Requirement already")):
            count = min(count + 1, total)
            if sys.stdout.isatty():
                print(f"\r{label}: {count} of {total}", end="", flush=True)
            elif total and count % max(total // 4, 1) == 0:
                print(f" {100 * count // total}%", end="", flush=True)
        elif line.startswith("Installing collected"):
            print(", unpacking", end="", flush=True)
    print(flush=True)


def explain_install(log: Path) -> str:
    """A sentence for the commonest failure, the end of the log for others."""
    text = log.read_text()
    if any(sign in text for sign in OFFLINE):
        return (
            "The Python packages could not be downloaded: this machine seems to be offline. "
            f"The first run needs the network once (details in {log})."
        )
    return f"The Python packages could not be installed; {log} says why:\n\n{text[-1500:]}"


def quietly(command: list) -> subprocess.CompletedProcess:
    """Run a command whose output nobody needs when it works."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def become(command: list) -> int:
    """Replace this process, so that signals reach the command itself. Does not return."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{path}"
    sys.stdout.flush()
    os.execv(command[0], command)


def cli(name: str) -> "object":
    """A command of locker_app.cli."""
    return lambda rest: become([str(BIN / "python"), "-m", "locker_app.cli", name, *rest])


def tool(name: str, *arguments: str) -> int:
    """Run a tool of the virtual environment and return its exit code."""
    return subprocess.call([str(BIN / name), *arguments])


def ready(_rest: list) -> int:
    """Only what every command begins with: the virtual environment and its packages."""
    return 0


def check(_rest: list) -> int:
    """All checks, also when an early one fails, so that one run shows everything."""
    codes = [
        tool("ruff", "format", "--check", "."),
        tool("ruff", "check", "."),
        tool("pyright"),
        tool("lint-imports"),
    ]
    return max(codes)


def fmt(_rest: list) -> int:
    """Sort, fix, format."""
    return tool("ruff", "check", "--fix", ".") | tool("ruff", "format", ".")


def with_pages(module: str, *arguments: str) -> int:
    """Build the pages, then become a module of the virtual environment."""
    if tool("python", "-m", "locker_app.cli", "build"):
        return 1
    return become([str(BIN / "python"), "-m", module, *arguments])


def need_programs() -> None:
    """Install the browser and the database server, where they are missing."""
    sys.path.insert(0, str(ROOT / "tools"))
    import system_packages

    trouble = system_packages.ensure()
    if trouble:
        raise Stop(trouble)


def test(rest: list) -> int:
    """Install the browser and the database server, build the pages, run every test."""
    need_programs()
    # The tests start many processes: what one has compiled the next need not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        # Every commit waits for its disk, so tests spend half their time on one.
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    return with_pages("pytest", *(rest or ALL_TESTS))


def bench(rest: list) -> int:
    """Build the pages and run the benchmarks."""
    return with_pages("bench", *rest)


def screenshots(_rest: list) -> int:
    """Build the pages and take the pictures of them that the README shows."""
    need_programs()
    return with_pages("tools.screenshots")


def pins(_rest: list) -> int:
    """Resolve requirements*.in anew. uv does it for all platforms at once."""
    options = ["--universal", "--python-version=3.11", "--no-header", "--annotation-style=line"]
    tool("python", "-m", "pip", "install", "--quiet", "uv")
    # What the reader's driver asks for: a terminal has other packages in their place.
    not_there = ["--no-emit-package=rpi-gpio", "--no-emit-package=spidev"]
    lists = {
        "requirements": [],
        "requirements-broker": [],
        "requirements-dev": [],
        TERMINAL[: -len(".txt")]: not_there,
        "edge/requirements-gpio": [],
    }
    codes = [
        tool("uv", "pip", "compile", "--quiet", *options, *more, name + ".in", "-o", name + ".txt")
        for name, more in lists.items()
    ]
    return max(codes)


COMMANDS = {
    "run": cli("run"),
    "demo": cli("demo"),
    "build": cli("build"),
    "init": cli("init"),
    "doctor": cli("doctor"),
    "queue": cli("queue"),
    "test": test,
    "ready": ready,
    "check": check,
    "fmt": fmt,
    "bench": bench,
    "screenshots": screenshots,
    "pins": pins,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
