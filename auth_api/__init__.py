"""An authentication server: one process, one database, one ``.env``.

The packages, from the top layer to the bottom one; each imports only from its own layer and from those below it:

* The frame: ``app`` builds the HTTP application, ``composition`` the services, ``adapters`` what connects them to the
  database and the mail server. ``errors`` lists all exceptions, ``piccolo_app`` all tables. ``cli`` holds the commands,
  ``server`` the sockets and worker processes, ``settings`` the configuration, ``doctor`` the checks of a deployment.
* ``web``: HTML pages for people.
* ``operations``: health probes, and housekeeping, which removes expired rows.
* ``flows``: what users and operators do, a package each: ``registration``, ``login``, ``password_recovery``,
  ``email_verification``, ``email_change``, ``account``, ``administration``. Flows never import flows.
* ``authentication``: which user sent a request.
* ``credentials``: how a user proves an identity; ``credentials.passwords`` is the only way to check a password.
* ``sessions``: sessions and tokens; ``sessions.access_revocation`` is the only way to revoke all access to an account.
* ``events``: ``audit`` (the security history) and ``outbox`` (mail waiting to be sent).
* ``users``, ``one_time_tokens``, ``throttling``.
* ``kit``: what knows no feature: clock, errors, circuit breaker, logging, ``kit.crypto``, ``kit.db``, ``kit.http``.

Inside a package: ``controllers`` → ``service`` → ``repository`` → ``tables``; beside them ``schemas``, ``policy`` and
``errors``.
"""

__version__ = "0.1.0"
