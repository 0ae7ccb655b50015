#!/usr/bin/env python3
"""Run reledger from a checkout, on a machine that has Python 3.11 or newer with pip and nothing else.

    python3 run.py demo                  a throwaway ledger with a short story, served on this machine
    python3 run.py test [WORDS]          the tests; further words go to pytest
    python3 run.py bench [WORDS]         the benchmarks
    python3 run.py lint                  ruff and mypy over the code
    python3 run.py setup [run|test|dev]  set up only, and print the path of the environment's Python
    python3 run.py WORDS                 anything else goes to the reledger command line

The first run makes an environment in the checkout's folder .venv, or in the folder that RELEDGER_VENV names,
or, where the checkout cannot be written, in the user's cache. Later runs start at once. Packages come from
the index that pip is set up for, and only with the SHA-256 written in the requirements files. Nothing is
installed outside that folder, and nothing is compiled.
"""

import ast
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - what an older Python runs before it stops here
    sys.stderr.write(
        f"run.py: reledger needs Python 3.11 or newer; this is Python {platform.python_version()} "
        f"({sys.executable}).\nStart it with a newer one, for example: python3.12 run.py demo\n"
    )
    sys.exit(2)

Words = Sequence[str | Path]

ROOT = Path(__file__).resolve().parent
# Each level holds everything of the level before it; a test keeps that true.
LEVELS = {"run": "requirements.txt", "test": "requirements-test.txt", "dev": "requirements-dev.txt"}
UV_REQUIREMENTS = "requirements-uv.txt"
LAYOUT = 1  # raise it to make every environment anew
STAMP = "reledger-stamp.json"
UNUSED_S = 30 * 24 * 3600
ON_WINDOWS = os.name == "nt"

BAD_CERTIFICATE = re.compile(r"certificate|unknownissuer", re.IGNORECASE)
NO_NETWORK = re.compile(
    r"name resolution|name or service not known|getaddrinfo|failed to lookup|dns error|network is unreachable"
    r"|no route to host|connection ?(refused|reset|error|broken)|newconnectionerror|timed? ?out|proxyerror"
    r"|tunnel error|error sending request",
    re.IGNORECASE,
)
# What an installer's output tells, the first that fits, and what it means.
REASONS = (
    (
        re.compile(r"hash.{0,40}mismatch|do not match the hashes", re.IGNORECASE | re.DOTALL),
        (
            "a package that came is not the one that was pinned (its SHA-256 differs), so it was refused.\n"
            "Check the index, and the proxy between this machine and the index."
        ),
    ),
    (
        BAD_CERTIFICATE,
        (
            "the certificate of the package index is not trusted here.\n"
            "Behind a proxy that signs for itself, name its certificates: SSL_CERT_FILE=/path/to/ca.pem"
        ),
    ),
    (
        NO_NETWORK,
        (
            "the package index cannot be reached.\n"
            "The first run needs the network, once. Check it, or name an index within reach in PIP_INDEX_URL."
        ),
    ),
    (
        re.compile(r"no matching distribution|no solution found|no (usable )?wheels", re.IGNORECASE),
        (
            "the index has no ready-made package for this Python on this machine.\n"
            "Try another Python (3.11 to 3.14), or see 'pip config list' for the index that was asked."
        ),
    ),
    (re.compile(""), "the installer stopped."),
)


class SetupFailed(Exception):
    """The environment cannot be made; the text says why and what to do."""


def say(text: str) -> None:
    """A line of progress, on stderr so that stdout stays the command's own."""
    sys.stderr.write(f"reledger: {text}\n")
    sys.stderr.flush()


# --- Where the environments live --------------------------------------------------------------------------


def user_cache(environ: Mapping[str, str]) -> Path:
    """The folder where this user's programs keep what can be made again."""
    if ON_WINDOWS and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"])
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"])
    home = Path(os.path.expanduser("~"))
    return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"


def can_write(folder: Path) -> bool:
    """True if the folder is there, or was made now, and takes new files."""
    if not folder.is_absolute():  # a user without a home has "~" for one
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def private_temporary_folder() -> Path:
    """A folder of this user's own under the shared temporary folder.

    Raises:
        SetupFailed: Someone else made it first, so what lies in it cannot be trusted.
    """
    user = getattr(os, "getuid", lambda: "user")()
    folder = Path(tempfile.gettempdir()) / f"reledger-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or (not ON_WINDOWS and (status.st_uid != user or status.st_mode & 0o077)):
        raise SetupFailed(f"{folder} is open to others. Name a folder of your own in RELEDGER_VENV.")
    return folder


def homes(environ: Mapping[str, str]) -> Iterator[Path]:
    """The folders that may hold environments, best first."""
    if environ.get("RELEDGER_VENV"):
        yield Path(environ["RELEDGER_VENV"]).expanduser().absolute()
        return
    checkout = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:12]
    yield ROOT / ".venv"
    yield user_cache(environ) / "reledger" / checkout
    yield private_temporary_folder() / checkout


def writable_home(environ: Mapping[str, str]) -> Path:
    """The best folder that can be written.

    Raises:
        SetupFailed: There is none.
    """
    for home in homes(environ):
        if can_write(home):
            return home
    raise SetupFailed(f"cannot write to {home}. Name a folder that can be written in RELEDGER_VENV.")


# --- What an environment is -------------------------------------------------------------------------------


def read_project() -> tuple[str, str, dict[str, str]]:
    """Name, version and scripts of the project."""
    import tomllib

    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table["name"], table["version"], table["scripts"]


def environment_name(level: str) -> str:
    """The folder name of the level's environment; it changes whenever that has to be made anew."""
    requirements = (ROOT / LEVELS[level]).read_text("utf-8")
    python = [os.path.realpath(sys.executable), sys.version, platform.machine()]
    key = json.dumps([LAYOUT, str(ROOT), python, read_project(), requirements])
    return f"{level}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def python_in(folder: Path) -> Path:
    """The Python of the environment in the folder."""
    return folder / "Scripts" / "python.exe" if ON_WINDOWS else folder / "bin" / "python"


def is_ready(folder: Path) -> bool:
    """True if the environment was finished (its stamp is written last) and its Python is still there."""
    return (folder / STAMP).is_file() and python_in(folder).exists()


def find_ready(level: str, environ: Mapping[str, str]) -> Path | None:
    """A finished environment of this level, or of one that holds more, or None."""
    levels = list(LEVELS)
    for name in map(environment_name, levels[levels.index(level) :]):
        for home in homes(environ):
            if is_ready(home / name):
                return home / name
    return None


# --- The installers ---------------------------------------------------------------------------------------


def run_quietly(command: Words, environ: Mapping[str, str], doing: str = "working") -> tuple[int, str]:
    """The exit code and the whole output of a command; every ten seconds a line says that it still runs."""
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=dict(environ),
                cwd=tempfile.gettempdir(),  # the caller's folder must lend neither modules nor settings
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            return 127, str(error)
        started = time.monotonic()
        try:
            while process.poll() is None:
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    say(f"  ... still {doing} ({time.monotonic() - started:.0f} s)")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        output.seek(0)
        return process.returncode, output.read().decode("utf-8", "replace")


def run_or_explain(command: Words, environ: Mapping[str, str], doing: str) -> str:
    """The output of a command that must succeed.

    Raises:
        SetupFailed: It did not.
    """
    code, output = run_quietly(command, environ, doing)
    if code:
        raise explain(doing, output)
    return output


def explain(doing: str, output: str) -> SetupFailed:
    """What went wrong in plain words, with the end of the installer's output."""
    reason = next(meaning for sign, meaning in REASONS if sign.search(output))
    tail = "\n".join(f"    {line[:200]}" for line in output.strip().splitlines()[-12:])
    return SetupFailed(f"{doing} did not work: {reason}\nThe installer's last words:\n{tail}")


def pip_command() -> list[str]:
    """The pip that belongs to this Python, as the start of a command; empty if there is none."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    probe = "import importlib.util as u, sys; sys.exit(u.find_spec('pip') is None)"
    for python in dict.fromkeys((sys.executable, base)):
        if run_quietly([python, "-c", probe], os.environ)[0] == 0:
            return [python, "-m", "pip"]
    return []


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without those pip settings that forbid installing into a folder of our own."""
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
    ours = {name: value for name, value in environ.items() if name not in elsewhere}
    for name in ("PIP_USER", "PIP_REQUIRE_VIRTUALENV"):
        ours[name] = "0"
    for name in ("PIP_DISABLE_PIP_VERSION_CHECK", "PIP_NO_INPUT"):
        ours[name] = "1"
    return ours


def parse_pip_settings(listing: str) -> dict[str, str]:
    """The settings in the output of ``pip config list``, the strongest of each name."""
    settings = {}
    for section in ("global", "install", ":env:"):
        for line in listing.splitlines():
            name, separator, value = line.partition("=")
            place, _, setting = name.partition(".")
            if separator and place == section:
                with suppress(ValueError, SyntaxError):
                    settings[setting] = str(ast.literal_eval(value))
    return settings


def find_links_for_uv(value: str) -> str:
    """pip's find-links, parted by blanks, as uv wants them: parted by commas, no folder that is not there."""
    places = []
    for place in value.split():
        path = Path(place).expanduser().absolute()
        if "://" in place:
            places.append(place)
        elif path.exists():  # pip passes over a missing folder, uv would stop
            places.append(str(path))
    return ",".join(places)


def uv_environment(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The user's environment with pip's settings said in uv's words; what uv was told already stays."""
    said = dict(environ)

    def tell(name: str, value: str | None, *others: str) -> None:
        if value and not any(other in said for other in (name, *others)):
            said[name] = value

    timeout = re.match(r"\d+", pip.get("timeout") or pip.get("default-timeout") or "")
    tell("UV_DEFAULT_INDEX", pip.get("index-url"), "UV_INDEX_URL")
    tell("UV_INDEX", " ".join(pip.get("extra-index-url", "").split()), "UV_EXTRA_INDEX_URL")
    # pip takes a package from any of several indexes; its pinned hash makes that safe.
    tell("UV_INDEX_STRATEGY", "unsafe-best-match")
    tell("UV_FIND_LINKS", find_links_for_uv(pip.get("find-links", "")))
    tell("UV_INSECURE_HOST", " ".join(pip.get("trusted-host", "").split()))
    tell("UV_HTTP_TIMEOUT", timeout and timeout[0])
    tell("UV_KEYRING_PROVIDER", "subprocess" if pip.get("keyring-provider") == "subprocess" else None)
    tell("ALL_PROXY", pip.get("proxy"), "all_proxy", "HTTPS_PROXY", "https_proxy")
    tell("SSL_CERT_FILE", pip.get("cert"))
    tell("SSL_CLIENT_CERT", pip.get("client-cert"))
    tell("UV_SYSTEM_CERTS", "true", "UV_NATIVE_TLS", "SSL_CERT_FILE")  # pip trusts what the system trusts
    tell("UV_PYTHON_DOWNLOADS", "never")
    if not can_write(user_cache(environ)):
        tell("UV_NO_CACHE", "1", "UV_CACHE_DIR")
    return said


def find_uv(home: Path, pip: Words) -> Path | None:
    """A uv that runs here: the pinned one, else one on PATH, else None."""
    on_path = shutil.which("uv")
    for uv in (fetch_uv(home, pip), on_path and Path(on_path)):
        if uv and run_quietly([uv, "--version"], os.environ)[0] == 0:
            return uv
    return None


def fetch_uv(home: Path, pip: Words) -> Path | None:
    """The pinned uv, fetched by pip into the home if need be; None if the index has none for this machine.

    Raises:
        SetupFailed: There is no network, so the packages could not be had either.
    """
    pinned = ROOT / UV_REQUIREMENTS
    machine = f"{sys.platform} {platform.machine()}".encode()
    folder = home / f"uv-{hashlib.sha256(pinned.read_bytes() + machine).hexdigest()[:12]}"
    name = Path("bin", "uv.exe" if ON_WINDOWS else "uv")
    for left_over in home.glob("partial-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    if pip and not folder.exists():
        say("  fetching the installer (uv)")
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=home))
        options = ["--quiet", "--retries=2", "--no-deps", "--no-compile", "--no-warn-script-location"]
        options += ["--require-hashes", "--only-binary=:all:"]
        command = [*pip, "install", *options, "--target", partial, "--requirement", pinned]
        code, output = run_quietly(command, pip_environment(os.environ), "fetching the installer")
        if code == 0:
            partial.rename(folder)  # whole or not at all
        else:
            shutil.rmtree(partial, ignore_errors=True)
            failure = explain("fetching it", output)
            if NO_NETWORK.search(output):
                raise failure
            say("  " + str(failure).splitlines()[0])
    return folder / name if (folder / name).exists() else None


def install_with_uv(uv: Path, folder: Path, requirements: Path, pip: Words) -> None:
    """Make the environment and install the requirements with uv."""
    settings = parse_pip_settings(run_quietly([*pip, "config", "list"], os.environ)[1] if pip else "")
    environ = uv_environment(os.environ, settings)
    create: Words = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder]
    run_or_explain(create, environ, "making the environment")
    # Compiled once here, as pip does it: else each new process would do it where no bytecode is written.
    install: list[str | Path] = [uv, "pip", "install", "--quiet", "--compile-bytecode"]
    install += ["--python", python_in(folder)]
    install += ["--require-hashes", "--only-binary", ":all:", "--requirement", requirements]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        install.append("--no-index")
    code, output = run_quietly(install, environ, "installing")
    if code and BAD_CERTIFICATE.search(output) and "UV_SYSTEM_CERTS" not in os.environ:
        environ.pop("UV_SYSTEM_CERTS", None)  # a system may have no certificates: uv brings the public ones
        code, output = run_quietly(install, environ, "installing")
    if code:
        raise explain("installing the packages", output)


def install_with_pip(folder: Path, requirements: Path, pip: Words) -> None:
    """Make the environment with the venv module and install with pip: slower, and on any platform."""
    create: Words = [sys.executable, "-m", "venv", *(["--without-pip"] if pip else []), folder]
    if run_quietly(create, os.environ)[0]:
        raise SetupFailed(
            "this Python has neither pip nor a working venv module.\n"
            "Install one of them; on Debian and Ubuntu: apt install python3-pip (or python3-venv)."
        )
    inside = python_in(folder)
    installer: Words = [*pip, "--python", inside] if pip else [inside, "-m", "pip"]
    options = ["--quiet", "--retries=2", "--require-hashes", "--only-binary=:all:", "--requirement"]
    environ = pip_environment(os.environ)
    run_or_explain([*installer, "install", *options, requirements], environ, "installing the packages")


# --- Making an environment --------------------------------------------------------------------------------


def link_checkout(folder: Path) -> None:
    """Make the environment import this checkout and know its name, version and command."""
    ask = "import json, sysconfig; print(json.dumps([sysconfig.get_path(n) for n in ('purelib', 'scripts')]))"
    answer = run_or_explain([python_in(folder), "-I", "-c", ask], os.environ, "starting the new Python")
    packages, commands = (Path(place) for place in json.loads(answer))
    project, version, scripts = read_project()
    root = str(ROOT)
    # Before Python 3.13 a .pth file is read in the locale's encoding; an import line is ASCII for any path.
    line = root if root.isascii() else f"import sys; sys.path.append({root!a})"
    (packages / "reledger-checkout.pth").write_text(line + "\n", "ascii")
    metadata = packages / f"{project}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n", "utf-8"
    )
    for name, target in scripts.items():
        module, _, function = target.partition(":")
        command = commands / name
        command.write_text(
            f"#!{python_in(folder)}\nimport sys\n\nfrom {module} import {function}\n\n"
            f'if __name__ == "__main__":\n    sys.exit({function}())\n',
            "utf-8",
        )
        command.chmod(0o755)


def make_environment(home: Path, level: str) -> Path:
    """Make the level's environment under the home's lock; one that was left half-made is made anew.

    Raises:
        SetupFailed: It cannot be made.
    """
    folder = home / environment_name(level)
    requirements = ROOT / LEVELS[level]
    with held(home / "setup.lock"):
        if is_ready(folder):  # another run made it while this one waited
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        started = time.monotonic()
        say(f"setting up in {folder} (only this once)")
        pip = pip_command()
        uv = find_uv(home, pip)
        count = len(re.findall(r"^[\w.-]+==", requirements.read_text("utf-8"), re.MULTILINE))
        say(f"  installing {count} packages{'' if uv else ' with pip, which takes longer'}")
        if uv:
            install_with_uv(uv, folder, requirements, pip)
        else:
            install_with_pip(folder, requirements, pip)
        link_checkout(folder)
        partial = folder / f"{STAMP}.partial"
        partial.write_text(json.dumps({"checkout": str(ROOT), "python": sys.executable}) + "\n", "utf-8")
        partial.replace(folder / STAMP)
        say(f"ready after {time.monotonic() - started:.1f} s")
        sweep(home, folder)
    return folder


def sweep(home: Path, keep: Path) -> None:
    """Remove the environments that nobody started for a month."""
    for stamp in home.glob(f"*/{STAMP}"):
        if stamp.parent != keep and time.time() - stamp.stat().st_mtime > UNUSED_S:
            stamp.unlink()
            shutil.rmtree(stamp.parent, ignore_errors=True)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file; says so while another run holds it."""
    with path.open("a+b") as handle:
        if not try_lock(handle.fileno()):
            say("another run is setting up; waiting for it")
            while not try_lock(handle.fileno()):
                time.sleep(0.2)
        yield  # closing the file lets go, and so does the end of this process, however it comes


def try_lock(descriptor: int) -> bool:
    """True once the lock is ours, or where the file system knows no locks."""
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def environment(level: str) -> Path:
    """The folder of a finished environment of the level, made first if need be."""
    folder = find_ready(level, os.environ) or make_environment(writable_home(os.environ), level)
    with suppress(OSError):  # one that this user may only read
        os.utime(folder / STAMP)
    return folder


# --- The commands -----------------------------------------------------------------------------------------


def child_environment() -> dict[str, str]:
    """The environment of what is started.

    RELEDGER_VENV is ours, and no setting of the ledger. Bytecode is written whatever others were told: dozens
    of processes are started, and each would compile the checkout anew.
    """
    ours = ("RELEDGER_VENV", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in ours}


def hand_over(command: Words, environ: Mapping[str, str]) -> int:
    """Become the command, so that signals reach it; on Windows run it and return its exit code."""
    words = [str(word) for word in command]
    sys.stdout.flush()
    if not ON_WINDOWS:
        os.execve(words[0], words, dict(environ))
    process = subprocess.Popen(words, env=dict(environ))
    while True:
        with suppress(KeyboardInterrupt):  # the console sends it to the child as well, which decides
            return process.wait()


def pytest_words(words: Sequence[str]) -> list[str]:
    """The words for pytest: spread over up to four workers that share the rest, unless they say otherwise."""
    own = ("-n", "--numprocesses", "--dist", "--pdb", "--trace", "no:xdist", "-pno:xdist")
    spread = ["-n", str(min(os.cpu_count() or 2, 4)), "--dist", "worksteal"]
    spread = [] if any(word.startswith(own) for word in words) else spread
    kept = [] if os.access(ROOT, os.W_OK) else ["-p", "no:cacheprovider"]
    return [*kept, *spread, *words]


def lint() -> int:
    """Run every linter over the checkout; 0 only if all are content."""
    python = python_in(environment("dev"))
    worst = 0
    for words in ("ruff check .", "ruff format --check .", "mypy --strict ledger api"):
        say(words)
        command = [str(python), "-m", *words.split()]
        worst = max(worst, subprocess.call(command, cwd=ROOT, env=child_environment()))
    return worst


def carry_out(words: Sequence[str]) -> int:
    """Carry out the words of the command line."""
    first, rest = words[0], words[1:]
    if first == "setup" and (not rest or (len(rest) == 1 and rest[0] in LEVELS)):
        print(python_in(environment(rest[0] if rest else "run")))
        return 0
    if first == "lint" and not rest:
        return lint()
    environ = child_environment()
    if first in ("test", "bench"):
        python = python_in(environment("test"))
        os.chdir(ROOT)
        environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(python.parent.parent / "hypothesis"))
        tail = ["pytest", *pytest_words(rest)] if first == "test" else ["benchmarks", *rest]
        return hand_over([python, "-m", *tail], environ)
    if first in ("setup", "lint"):
        raise SetupFailed(f"'{' '.join(words)}' is not understood; see python3 run.py --help")
    python = python_in(environment("run"))
    return hand_over([python, python.parent / "reledger", *words], environ)


def main(words: Sequence[str]) -> int:
    """Entry point: the exit code."""
    if not words or words[0] in ("-h", "--help", "help"):
        print((__doc__ or "").strip())
        return 0 if words else 2
    try:
        return carry_out(words)
    except SetupFailed as failure:
        sys.stderr.write(f"run.py: {failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("run.py: stopped; the next run makes what is missing.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
