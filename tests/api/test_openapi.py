"""The OpenAPI document is true: every route is in it, every path exists, and answers are what it says."""

import json
from typing import Any

import pytest
from referencing import Registry, Resource
from werkzeug.routing import Rule

from api.app import RESOURCES
from api.openapi import build_document
from api.operations import Operation
from api.problems import STATUSES
from ledger.errors import StatementRefused
from tests.support.story import Story
from tests.support.web import Site

DOCUMENT = build_document(RESOURCES)
OPERATIONS = [operation for resource in RESOURCES for operation in resource.operations]


@pytest.fixture(scope="module")
def validator() -> Any:
    """What judges by a JSON Schema; to import it takes seconds, which other tests should not wait for."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator


def documented() -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, item in DOCUMENT["paths"].items()
        for method in item
        if method in ("get", "post", "delete", "put", "patch")
    }


def declared_of(operation: Operation) -> dict[str, Any]:
    members: dict[str, Any] = DOCUMENT["paths"][operation.path][operation.method.lower()]
    return members


def path_of(rule: Rule) -> str:
    path = ""
    for is_dynamic, text in rule._trace:
        path += ("{" + text.lstrip("|") + "}") if is_dynamic else text.lstrip("|")
    return path


class TestDrift:
    def test_every_route_is_documented_and_nothing_else_is(self, sqlite_site: Site) -> None:
        routed = {
            (method, path_of(rule))
            for rule in sqlite_site.app.url_map.iter_rules()
            for method in rule.methods or ()
            if method not in ("HEAD", "OPTIONS")
        }
        assert routed == documented()

    def test_every_operation_has_a_name_of_its_own(self) -> None:
        names = [operation.name for operation in OPERATIONS]
        assert len(names) == len(set(names))
        assert [declared_of(each)["operationId"] for each in OPERATIONS] == names

    def test_every_documented_path_answers(self, sqlite_site: Site) -> None:
        for method, path in documented():
            filled = path.replace("{level}", "0").replace("{tile}", "000").replace("{party}", "x")
            filled = filled.replace("{hash}", "A" * 43).replace("{kid}", "A" * 43)
            filled = filled.replace("{id}", "00000000-0000-4000-8000-000000000000").replace("{index}", "0")
            response = sqlite_site.ask(method, filled)
            assert response.status_code != 405, (method, path)
            if response.status_code == 404:
                assert "nothing is at this address" not in response.get_json(force=True)["detail"], path


class TestForm:
    def test_schemas_are_schemas(self, validator: Any) -> None:
        for schema in DOCUMENT["components"]["schemas"].values():
            validator.check_schema(schema)

    def test_every_reference_leads_somewhere(self) -> None:
        text = json.dumps(DOCUMENT)
        for reference in [part.split('"')[0] for part in text.split('"$ref": "')[1:]]:
            target: Any = DOCUMENT
            for name in reference.removeprefix("#/").split("/"):
                target = target[name]

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
    def test_every_operation_says_what_it_does(self, operation: Operation) -> None:
        declared = declared_of(operation)
        assert declared["summary"]
        assert not declared["summary"].endswith(".")
        for parameter in declared["parameters"]:
            assert parameter["description"], parameter["name"]
        for status, answer in declared["responses"].items():
            assert answer["description"], status

    @pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
    def test_every_error_is_a_problem_with_its_codes(self, operation: Operation) -> None:
        answers = declared_of(operation)["responses"]
        for kind in operation.refusals:
            schema = answers[str(STATUSES[kind])]["content"]["application/problem+json"]["schema"]
            assert kind.code in schema["properties"]["code"]["enum"]
        assert "401" in answers or not operation.access.roles
        if "401" in answers:
            assert answers["401"]["headers"]["WWW-Authenticate"]["required"]
        if "503" in answers:
            assert answers["503"]["headers"]["Retry-After"]["required"]

    def test_security_is_what_is_asked_for(self) -> None:
        for operation in OPERATIONS:
            wanted = {
                "none": [],
                "optional": [{}, {"reader": []}, {"session": []}],
                "needed": [{"reader": []}, {"session": []}],
                "session": [{"session": []}],
            }
            assert declared_of(operation)["security"] == wanted[operation.access.token.value]

    def test_links_name_operations_and_their_parameters(self) -> None:
        by_name = {operation.name: operation for operation in OPERATIONS}
        for operation in OPERATIONS:
            for reply in operation.replies:
                for target, parameter, _ in reply.links.values():
                    assert parameter in by_name[target].path_fields

    def test_the_check_answers_instead_of_refusing(self) -> None:
        (check,) = [each for each in OPERATIONS if each.path == "/v1/statements/check"]
        assert StatementRefused not in check.refusals


class TestAnswers:
    """Each success of a story is held against its schema; schemathesis does the same for what it makes up."""

    @pytest.mark.parametrize(
        ("path", "template"),
        [
            ("/v1/acts", "/v1/acts"),
            ("/v1/keys", "/v1/keys"),
            ("/v1/parties", "/v1/parties"),
            ("/v1/parties/https://mine.example/", "/v1/parties/{party}"),
            ("/v1/sites", "/v1/sites"),
            ("/v1/log", "/v1/log"),
            ("/v1/log/proof/inclusion", "/v1/log/proof/inclusion"),
            ("/v1/log/proof/consistency?old=7", "/v1/log/proof/consistency"),
            ("/v1/log/entries", "/v1/log/entries"),
            ("/v1/log/checkpoints", "/v1/log/checkpoints"),
            ("/v1/audit/chain", "/v1/audit/chain"),
            ("/v1/audits", "/v1/audits"),
            ("/v1/refusals", "/v1/refusals"),
            ("/readyz", "/readyz"),
        ],
    )
    def test_they_are_what_the_document_says(
        self, story: Story, validator: Any, path: str, template: str
    ) -> None:
        response = story.site.get(path, story.site.cast.authority)
        assert response.status_code == 200
        reply = DOCUMENT["paths"][template]["get"]["responses"]["200"]
        schema = reply["content"]["application/json"]["schema"]
        registry: Registry[Any] = Registry().with_resource("urn:document", Resource.opaque(DOCUMENT))
        whole = {"$ref": "urn:document" + schema["$ref"]} if "$ref" in schema else schema
        validator(whole, registry=registry).validate(response.get_json())
