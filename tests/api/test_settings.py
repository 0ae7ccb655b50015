"""Settings: what is read, what is refused, and that every setting is described."""

import dataclasses
from pathlib import Path

import pytest

from api.settings import PREFIX, Settings, describe_settings, load_settings
from ledger.errors import SettingsInvalid

GIVEN = {
    "RELEDGER_DATABASE_URL": "sqlite:////tmp/ledger.db",
    "RELEDGER_ORIGIN": "log.example.org/one",
    "RELEDGER_LOG_KEY_FILE": "/etc/reledger/log.pem",
    "RELEDGER_MARK_DIR": "/var/lib/reledger/mark",
}


def test_the_needed_settings_are_enough() -> None:
    settings = load_settings(GIVEN)
    assert settings.origin == "log.example.org/one"
    assert settings.log_key_file == Path("/etc/reledger/log.pem")
    assert settings.port == 8000
    assert settings.audit_folder == Path("/var/lib/reledger/mark/audits")


def test_other_variables_are_left_alone() -> None:
    assert load_settings({**GIVEN, "HOME": "/root", "RELEDGERX": "1"}) == load_settings(GIVEN)


def test_settings_survive_a_trip_through_the_environment() -> None:
    settings = load_settings({**GIVEN, "RELEDGER_PORT": "9001", "RELEDGER_AUDIT_DIR": "/srv/audits"})
    assert load_settings(settings.as_environment()) == settings


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_a_needed_setting_that_is_missing_is_named(missing: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings({name: value for name, value in GIVEN.items() if name != missing})
    assert missing[len(PREFIX) :].lower() in caught.value.detail
    assert missing in caught.value.mend


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RELEDGER_PORT", "0"),
        ("RELEDGER_PORT", "65536"),
        ("RELEDGER_PORT", "+80"),
        ("RELEDGER_PORT", " 80"),
        ("RELEDGER_PORT", "8_0"),
        ("RELEDGER_PORT", "080"),
        ("RELEDGER_PORT", "8.0"),
        ("RELEDGER_PORT", "٨"),
        ("RELEDGER_PORT", ""),
        ("RELEDGER_WORKERS", "0"),
        ("RELEDGER_QUEUE_LIMIT", "-1"),
        ("RELEDGER_QUEUE_LIMIT", "99999999999999999999"),
        ("RELEDGER_LOG_LEVEL", "INFO"),
        ("RELEDGER_LOG_LEVEL", "trace"),
        ("RELEDGER_ORIGIN", "a b"),
        ("RELEDGER_ORIGIN", "a+b"),
        ("RELEDGER_ORIGIN", ""),
        ("RELEDGER_DATABASE_URL", "no url"),
        ("RELEDGER_HOST", ""),
        ("RELEDGER_HOST", "a\nb"),
        ("RELEDGER_MARK_DIR", ""),
    ],
)
def test_a_senseless_value_is_refused_with_its_place(variable: str, value: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings({**GIVEN, variable: value})
    assert variable in caught.value.detail
    assert caught.value.mend


def test_a_senseless_database_url_is_not_repeated() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings({**GIVEN, "RELEDGER_DATABASE_URL": "postgresql//user:hunter2@host"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "variable", ["RELEDGER_PROT", "RELEDGER_", "RELEDGER_port", "RELEDGER_CONFIGURATION"]
)
def test_an_unknown_variable_is_refused_with_a_mend(variable: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings({**GIVEN, variable: "1"})
    assert variable in caught.value.detail
    assert "port" in caught.value.mend


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(SettingsInvalid, match="no setting") as caught:
        load_settings({**GIVEN, "RELEDGER_QUEUE_LIMITS": "1"})
    assert caught.value.mend.startswith("Did you mean queue_limit?")


def _write(folder: Path, text: str) -> Path:
    path = folder / "reledger.toml"
    path.write_text(text, encoding="utf-8")
    return path


NEEDED = "".join(f'{name[len(PREFIX) :].lower()} = "{value}"\n' for name, value in GIVEN.items())


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    path = _write(tmp_path, NEEDED + "port = 9000\nworkers = 3\n")
    settings = load_settings({"RELEDGER_CONFIG": str(path), "RELEDGER_PORT": "9001"})
    assert (settings.port, settings.workers) == (9001, 3)
    assert load_settings({}, config=path).port == 9000


@pytest.mark.parametrize(
    "text",
    [
        NEEDED + "prot = 1\n",
        NEEDED + "Port = 1\n",
        NEEDED + "port = true\n",
        NEEDED + "port = 80.5\n",
        NEEDED + "port = [80]\n",
        NEEDED + "[server]\nport = 80\n",
        NEEDED + "port = -1\n",
        NEEDED + "port = 1\nport = 2\n",
        "port",
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsInvalid):
        load_settings({}, config=_write(tmp_path, text))


@pytest.mark.parametrize("name", ["absent.toml", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_settings({}, config=tmp_path / name)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(load_settings(GIVEN), "port", 1)  # noqa: B010


def test_a_password_does_not_show() -> None:
    settings = load_settings({**GIVEN, "RELEDGER_DATABASE_URL": "postgresql+psycopg://u:hunter2@h/d"})
    assert "hunter2" not in repr(settings)


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert [each.name for each in described] == [each.name for each in dataclasses.fields(Settings)]
    for each in described:
        assert each.meaning.endswith(".")
        assert each.variable == PREFIX + each.name.upper()
