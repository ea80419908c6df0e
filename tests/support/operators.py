"""What operators do with users, by the services that the command line calls."""

from typing import Any

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.administration.account_recovery import AccountRecoveryService
from auth_api.flows.administration.factor_reset import FactorResetService, ResetFactors
from auth_api.flows.administration.schemas import UserCreationRequest
from auth_api.flows.administration.service import AdministrationService
from auth_api.flows.administration.user_creation import UserCreation
from auth_api.kit.http.json import decode
from auth_api.roles.rights import OPERATOR
from auth_api.services import Services
from auth_api.users.field_checks import field_checks
from auth_api.users.user import User


async def id_of(services: Services, name: str) -> int:
    """Return the id of the user with this username or e-mail address."""
    return (await services.core.users.find(name)).id


async def create(services: Services, **fields: Any) -> User:
    wanted = decode(fields, UserCreationRequest, field_checks(services.core.password_rules))
    return await services.of(UserCreation).create(
        wanted, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT, sends_mail=False
    )


async def disable(services: Services, name: str, *, leave_none: bool = False) -> bool:
    return await services.of(AdministrationService).disable(
        await id_of(services, name),
        by=OPERATOR,
        request_context=COMMAND_LINE_CONTEXT,
        keeps_administrator=not leave_none,
    )


async def enable(services: Services, name: str) -> bool:
    return await services.of(AdministrationService).enable(
        await id_of(services, name), by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
    )


async def delete(services: Services, user_id: int) -> None:
    await services.of(AdministrationService).delete(user_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)


async def end_sessions(services: Services, user_id: int) -> int:
    return await services.of(AccountRecoveryService).end_sessions(
        user_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT
    )


async def reset_factors(services: Services, user_id: int) -> ResetFactors:
    return await services.of(FactorResetService).reset(user_id, by=OPERATOR, request_context=COMMAND_LINE_CONTEXT)
