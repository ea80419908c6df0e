from typing import Any

import httpx
import pytest
from litestar import Litestar, get, post
from litestar.params import FromPath

from auth_api.kit.http.load_shedding import route_path, shedders_by_route
from auth_api.services import Services
from tests.support.held_hasher import remove_all_slots
from tests.support.problems import assert_problem

pytestmark = pytest.mark.engine_independent


class Shedder:
    def overload_error(self) -> None:
        return None

    def count_refusal(self) -> None:
        return None


@post("/heavy", load_shedder="resource")
async def heavy() -> None: ...


@get("/heavy")
async def light() -> None: ...


@post("/heavy/{number:int}", load_shedder="resource")
async def heavy_with_parameter(number: FromPath[int]) -> None: ...


def application(*handlers: Any) -> Litestar:
    return Litestar(handlers, openapi_config=None, logging_config=None)


def test_load_shedder_belongs_to_the_methods_of_the_route_that_names_it() -> None:
    shedder = Shedder()

    assert shedders_by_route(application(heavy, light), {"resource": shedder}) == {("POST", "/heavy"): shedder}


def test_unknown_load_shedder_stops_startup() -> None:
    with pytest.raises(KeyError, match="resource"):
        shedders_by_route(application(heavy), {})


def test_load_shedder_of_a_route_with_path_parameters_stops_startup() -> None:
    with pytest.raises(ValueError, match="/heavy/"):
        shedders_by_route(application(heavy_with_parameter), {"resource": Shedder()})


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"path": "/api/auth/login"}, "/api/auth/login"),
        ({"path": "/api/auth/login/"}, "/api/auth/login"),
        ({"path": "//api///auth/login"}, "/api/auth/login"),
        ({"path": "/prefix/api/auth/login", "root_path": "/prefix"}, "/api/auth/login"),
        ({"path": "/api/auth/login", "root_path": "/prefix"}, "/api/auth/login"),
        ({"path": "/"}, "/"),
        ({"path": ""}, "/"),
    ],
)
def test_route_path_is_the_path_that_the_router_matches(scope: dict[str, str], expected: str) -> None:
    assert route_path(scope) == expected


@pytest.mark.parametrize("path", ["/api/auth/login/", "//api/auth/login", "/api//auth/login", "/api/auth/%6Cogin"])
async def test_every_spelling_of_a_path_is_shed(
    client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    remove_all_slots(services.core.hasher, monkeypatch)

    response = await client.post(httpx.URL("http://testserver", raw_path=path.encode()), content=b"not read")

    assert_problem(response, 503, "SERVER_OVERLOADED")
