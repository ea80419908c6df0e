"""docs/operations.md and docs/alerts.yml name the metrics, labels, log events and sections that exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from litestar import Litestar

from auth_api.kit.prometheus import registry
from auth_api.roles.permissions import BUILT_IN
from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

DOCS: Final = Path(__file__).parent.parent.parent / "docs"
OPERATIONS: Final = (DOCS / "operations.md").read_text(encoding="utf-8")
ALERTS: Final[dict[str, Any]] = yaml.safe_load((DOCS / "alerts.yml").read_text(encoding="utf-8"))
RULES: Final[list[dict[str, Any]]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
SELECTOR: Final = re.compile(r"\b(auth_api_\w+)(?:\{([^}]*)\})?")
SUFFIXES: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}


def families() -> dict[str, Any]:
    return {family.name: family for family in registry.collect()}


def names() -> set[str]:
    """Return every name that a query may use."""
    return {name + suffix for name, family in families().items() for suffix in SUFFIXES[family.type]}


def labels_of(name: str) -> set[str]:
    """Return the declared labels of a metric, whether or not it has a series yet."""
    collectors = registry._names_to_collectors  # noqa: SLF001 - the library has no public way from a name to its labels
    return set(collectors[re.sub("_bucket$", "", name)]._labelnames) | ({"le"} if name.endswith("_bucket") else set())  # type: ignore[attr-defined]  # noqa: SLF001


def rule_name(rule: dict[str, Any]) -> str:
    return str(rule["alert"])


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_rule_queries_existing_metrics_and_labels(app: Litestar, rule: dict[str, Any]) -> None:
    selectors = SELECTOR.findall(rule["expr"])

    assert selectors or "up{" in rule["expr"]
    for name, matchers in selectors:
        assert name in names()
        assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= labels_of(name)


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_rule_compares_labels_with_counted_values(app: Litestar, rule: dict[str, Any]) -> None:
    """A rule with a misspelt outcome would never fire."""
    known = {
        (sample.name, label, value)
        for family in families().values()
        for sample in family.samples
        for label, value in sample.labels.items()
    }
    for name, matchers in SELECTOR.findall(rule["expr"]):
        for label, value in re.findall(r'(outcome|state|limit)="([^"]+)"', matchers):
            assert (name, label, value) in known


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_rule_is_complete(rule: dict[str, Any]) -> None:
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "runbook"}
    assert rule["expr"].count("(") == rule["expr"].count(")")


@pytest.mark.parametrize("rule", RULES, ids=rule_name)
def test_rule_links_to_a_section_of_the_runbook(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = {
        re.sub("[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", OPERATIONS, re.MULTILINE)
    }

    assert page == "operations.md"
    assert anchor in headings


def test_alert_names_are_unique() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


def test_page_explains_exactly_the_existing_metrics(app: Litestar) -> None:
    table = set(re.findall(r"^\| `(auth_api_\w+)` \|([^|]*)\|", OPERATIONS, re.MULTILINE))
    declared = {name + ("_total" if family.type == "counter" else "") for name, family in families().items()}

    assert {name for name, _ in table} == declared
    assert {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in table} == {
        name: labels_of(name) for name in declared
    }


def test_metrics_named_in_the_runbook_exist() -> None:
    assert {name for name, _ in SELECTOR.findall(OPERATIONS)} - names() - families().keys() == set()


def test_every_metric_has_a_help_text() -> None:
    assert [name for name, family in families().items() if len(family.documentation) < 10] == []


def values_of_events(node: ast.AST) -> Iterator[ast.expr | None]:
    """Yield what may be an event: `event=…` and positional arguments of calls, and `"event"` in dictionaries."""
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "event")
        yield from node.args
    elif isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "event")


def logged_events() -> set[str]:
    """Return the events of log lines that the source names, without those of the security history and permissions."""
    constants = {
        value.value
        for module in MODULES
        for node in module.nodes
        for value in values_of_events(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    return {text for text in constants - BUILT_IN.keys() if re.fullmatch(r"[a-z_]+:[a-z_]+", text)}


def test_page_lists_exactly_the_log_events() -> None:
    section = OPERATIONS.partition("\n## Logs\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[a-z_]+:[^|]*) \|", section, re.MULTILINE)
    listed = [event for row in rows for event in re.findall(r"`([a-z_]+:[a-z_]+)`", row)]

    assert len(listed) > 15
    assert sorted(listed) == sorted(logged_events())
