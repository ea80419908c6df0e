"""Read metrics: from Prometheus' text format, and directly from the registry of this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from auth_api.kit.prometheus import registry

Series = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Scrape:
    """The values of one scrape."""

    text: str
    values: dict[Series, float]

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a series, or 0 if it does not exist."""
        return self.values.get((f"auth_api_{name}", frozenset(labels.items())), 0.0)

    @property
    def names(self) -> set[str]:
        """The names of all series."""
        return {name for name, _ in self.values}


def parse(text: str) -> Scrape:
    """Parse the text format. Every series must occur once and every metric must have a documentation."""
    values: dict[Series, float] = {}
    for series, value in _samples(text):
        assert series not in values, series
        values[series] = value
    return Scrape(text, values)


def _samples(text: str) -> Iterator[tuple[Series, float]]:
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        for sample in family.samples:
            yield (sample.name, frozenset(sample.labels.items())), sample.value


async def scrape(client: httpx.AsyncClient, **headers: str) -> Scrape:
    """Scrape the metrics over HTTP."""
    response = await client.get("/metrics", headers=headers)
    assert response.status_code == 200, response.text
    return parse(response.text)


def current(name: str, **labels: str) -> float:
    """Return the current value of a series of this process, or 0 if it does not exist."""
    return _values().get((f"auth_api_{name}", frozenset(labels.items())), 0.0)


class Changes:
    """The changes of this process's metrics since the creation of the object."""

    def __init__(self) -> None:
        self._before = _values()

    def of(self, name: str, **labels: str) -> float:
        """Return the increase of a series."""
        return current(name, **labels) - self._before.get((f"auth_api_{name}", frozenset(labels.items())), 0.0)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the increase of all changed series of a metric by the value of its label."""
        values: dict[str, Any] = {
            dict(labels)[label]: value - self._before.get((each, labels), 0.0)
            for (each, labels), value in _values().items()
            if each == f"auth_api_{name}"
        }
        return {key: value for key, value in values.items() if value}


def _values() -> dict[Series, float]:
    # To write and parse the text format takes longer than most tests.
    samples = (sample for family in registry.collect() for sample in family.samples)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
