"""Limits per address: exact, whoever asks at once."""

import asyncio
from collections import Counter

from tests.conftest import OtherAppFactory
from tests.support.actors import Actor


async def test_exactly_the_allowed_number_passes_when_two_hundred_arrive_at_once(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        actors = [Actor(other.client, username=f"nobody{number}") for number in range(200)]

        answers = await asyncio.gather(*(actor.log_in() for actor in actors))

        assert Counter(answer.outcome for answer in answers) == {
            (401, "INVALID_CREDENTIALS"): 5,
            (429, "RATE_LIMITED"): 195,
        }
        refused = next(answer for answer in answers if answer.status == 429)
        assert refused.response.headers["RateLimit-Policy"] == '"login";q=5;w=60'
        assert refused.response.headers["RateLimit"].startswith('"login";r=0;t=')
        assert 0 < int(refused.response.headers["Retry-After"]) <= 60


async def test_fifty_parallel_guesses_evaluate_no_more_than_five_passwords(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_REQUESTS="1000") as other:
        ada = Actor(other.client)
        await ada.register()

        guesses = [ada.password if number == 40 else f"wrong-{number}" for number in range(50)]
        answers = await asyncio.gather(*(ada.log_in(password=guess) for guess in guesses))

        assert Counter(answer.outcome for answer in answers)[429, "TOO_MANY_ATTEMPTS"] == 45
