"""What an operator should know after granting a role."""

from dataclasses import dataclass

from auth_api.roles.service import RoleService
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAdvice:
    """Finds out whether a role is of use to a user."""

    roles: RoleService
    second_factors: SecondFactors
    mfa_policy: MfaPolicy

    async def on_role(self, user: User, role_name: str) -> str | None:
        """Return what the user still needs to use the role; None if nothing."""
        role = await self.roles.find(role_name)
        if not role.is_administrative or self.mfa_policy.requirement == OPTIONAL:
            return None
        if (await self.second_factors.of_user(user.id)).has_any:
            return None
        return (
            f"{user.username} has no second factor, which administrators need (MFA_POLICY="
            f"{self.mfa_policy.requirement}): the admin API refuses them until they have added one."
        )
