"""run.py, part by part: its functions, imported and not run."""

import os
import runpy
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAMP = "reledger-stamp.json"


@pytest.fixture
def run() -> SimpleNamespace:
    """The names of run.py, imported and not run."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / "run.py")))


@pytest.mark.parametrize(
    ("listing", "settings"),
    [
        ("", {}),
        ("global.index-url='https://a.test/simple'", {"index-url": "https://a.test/simple"}),
        (
            "global.index-url='https://a.test'\n:env:.index-url='https://b.test'",
            {"index-url": "https://b.test"},
        ),
        (
            ":env:.index-url='https://b.test'\nglobal.index-url='https://a.test'",
            {"index-url": "https://b.test"},
        ),
        ("install.find-links='\\n/a\\n/b'", {"find-links": "\n/a\n/b"}),
        ("global.index-url='https://a.test/?x=1'", {"index-url": "https://a.test/?x=1"}),
        ("freeze.timeout='5'\nWARNING: something = else\nnonsense", {}),
        ("global.timeout=not a literal", {}),
    ],
)
def test_pip_settings_are_read(run: SimpleNamespace, listing: str, settings: dict[str, str]) -> None:
    assert run.parse_pip_settings(listing) == settings


@pytest.mark.parametrize(
    ("environ", "pip", "name", "value"),
    [
        ({}, {"index-url": "https://a.test"}, "UV_DEFAULT_INDEX", "https://a.test"),
        (
            {"UV_DEFAULT_INDEX": "https://u.test"},
            {"index-url": "https://a.test"},
            "UV_DEFAULT_INDEX",
            "https://u.test",
        ),
        ({"UV_INDEX_URL": "https://u.test"}, {"index-url": "https://a.test"}, "UV_DEFAULT_INDEX", None),
        (
            {},
            {"extra-index-url": "\nhttps://a.test\nhttps://b.test"},
            "UV_INDEX",
            "https://a.test https://b.test",
        ),
        ({}, {"trusted-host": "a.test b.test:8"}, "UV_INSECURE_HOST", "a.test b.test:8"),
        ({}, {"default-timeout": "180"}, "UV_HTTP_TIMEOUT", "180"),
        ({}, {"timeout": "7.5"}, "UV_HTTP_TIMEOUT", "7"),
        ({}, {"timeout": "soon"}, "UV_HTTP_TIMEOUT", None),
        ({}, {"proxy": "http://p.test:3128"}, "ALL_PROXY", "http://p.test:3128"),
        ({"https_proxy": "http://q.test"}, {"proxy": "http://p.test:3128"}, "ALL_PROXY", None),
        ({}, {"cert": "/a.pem"}, "SSL_CERT_FILE", "/a.pem"),
        ({"SSL_CERT_FILE": "/b.pem"}, {"cert": "/a.pem"}, "SSL_CERT_FILE", "/b.pem"),
        ({}, {"cert": "/a.pem"}, "UV_SYSTEM_CERTS", None),
        ({}, {}, "UV_SYSTEM_CERTS", "true"),
        ({"UV_NATIVE_TLS": "0"}, {}, "UV_SYSTEM_CERTS", None),
        ({}, {"client-cert": "/c.pem"}, "SSL_CLIENT_CERT", "/c.pem"),
        ({}, {"keyring-provider": "subprocess"}, "UV_KEYRING_PROVIDER", "subprocess"),
        ({}, {"keyring-provider": "import"}, "UV_KEYRING_PROVIDER", None),
        ({}, {}, "UV_PYTHON_DOWNLOADS", "never"),
        ({"XDG_CACHE_HOME": "/dev/null/x"}, {}, "UV_NO_CACHE", "1"),
        ({"XDG_CACHE_HOME": "/dev/null/x", "UV_CACHE_DIR": "/y"}, {}, "UV_NO_CACHE", None),
    ],
)
def test_uv_is_told_in_its_own_words(
    run: SimpleNamespace,
    tmp_path: Path,
    environ: dict[str, str],
    pip: dict[str, str],
    name: str,
    value: str | None,
) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)} | environ
    assert run.uv_environment(environ, pip).get(name) == value


def test_find_links_that_do_not_exist_are_left_out(run: SimpleNamespace, tmp_path: Path) -> None:
    given = f"{tmp_path} /no/such/folder https://links.test/a,b.html"
    assert run.find_links_for_uv(given) == f"{tmp_path},https://links.test/a,b.html"
    assert run.find_links_for_uv("") == ""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            "(its SHA-256 differs)",
        ),
        ("error: Hash mismatch for `small==1`\nExpected:\n  sha256:00", "(its SHA-256 differs)"),
        ("invalid peer certificate: UnknownIssuer", "is not trusted here"),
        ("SSLError(SSLCertVerificationError(1, 'certificate verify failed'))", "is not trusted here"),
        (
            "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
            "be reached",
        ),
        ("error sending request for url\n dns error", "be reached"),
        ("Connection to index.test timed out. (connect timeout=15)", "be reached"),
        ("ProxyError('Unable to connect to proxy')", "be reached"),
        ("ERROR: No matching distribution found for small==1", "no ready-made package"),
        (
            "No solution found when resolving dependencies:\n small==1 has no wheels with a matching tag",
            "ready-made",
        ),
        ("Killed", "the installer stopped"),
        ("", "the installer stopped"),
    ],
)
def test_what_went_wrong_is_said_in_plain_words(run: SimpleNamespace, output: str, reason: str) -> None:
    text = str(run.explain("installing the packages", output))
    assert text.startswith("installing the packages did not work: ")
    assert reason in text
    assert all(line.strip() in text for line in output.splitlines())


@pytest.mark.parametrize("words", [[], ["-k", "merkle"], ["tests/unit"], ["--no-header"]])
def test_tests_are_spread_over_workers(run: SimpleNamespace, words: list[str]) -> None:
    option, workers, *rest = run.pytest_words(words)
    assert option == "-n"
    assert 1 <= int(workers) <= 4
    assert rest == ["--dist", "worksteal", *words]


@pytest.mark.parametrize(
    "words", [["-n", "0"], ["-n4"], ["--numprocesses=3"], ["-p", "no:xdist"], ["x", "--pdb"]]
)
def test_tests_are_spread_as_the_words_say(run: SimpleNamespace, words: list[str]) -> None:
    assert run.pytest_words(words) == words


def test_the_homes_in_order(run: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, second, third = run.homes({"XDG_CACHE_HOME": "/cache", "HOME": "/home/x"})
    assert first == ROOT / ".venv"
    assert second.parent == Path("/cache/reledger")
    assert third.parent.parent == tmp_path
    assert third.parent.stat().st_mode & 0o777 == 0o700
    assert list(run.homes({"RELEDGER_VENV": "/here"})) == [Path("/here")]


def test_a_user_without_a_home_gets_no_folder_named_tilde(
    run: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not run.can_write(Path("~") / ".cache")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", ["open", "link"])
def test_a_temporary_folder_of_others_is_refused(
    run: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / f"reledger-{os.getuid()}"
    if spoil == "open":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        (tmp_path / "theirs").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(run.SetupFailed, match="is open to others"):
        run.private_temporary_folder()


@pytest.fixture
def lock_holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    code = (
        "import fcntl, sys; file = open(sys.argv[1], 'a+b'); fcntl.flock(file, fcntl.LOCK_EX); print('held')"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", f"{code}; sys.stdin.read()", str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_lock_goes_with_its_holder(
    run: SimpleNamespace, tmp_path: Path, lock_holder: "subprocess.Popen[str]"
) -> None:
    with (tmp_path / "lock").open("a+b") as handle:
        assert not run.try_lock(handle.fileno())
        lock_holder.kill()
        lock_holder.wait()
        assert run.try_lock(handle.fileno())


def test_environments_unused_for_a_month_are_swept(run: SimpleNamespace, tmp_path: Path) -> None:
    ages_s = {"run-old": 31 * 86400, "run-new": 29 * 86400, "run-own": 400 * 86400}
    for name, age_s in ages_s.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / STAMP).touch()
        os.utime(tmp_path / name / STAMP, (time.time() - age_s,) * 2)
    (tmp_path / "bin").mkdir()
    run.sweep(tmp_path, tmp_path / "run-own")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "run-new", "run-own"]


def test_a_quiet_run_gives_code_and_output(run: SimpleNamespace) -> None:
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    assert run.run_quietly([sys.executable, "-u", "-c", code], os.environ) == (3, "out\nerr\n")
    assert run.run_quietly(["/no/such/program"], os.environ)[0] == 127
