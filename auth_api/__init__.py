"""An authentication server: one process, one database, one ``.env``.

How the house is laid out, from the door inwards (imports point downwards only):

* ``cli``, ``process``, ``asgi``: commands and the process. ``settings`` and ``environment``: what it is told.
  ``doctor`` looks at a deployment.
* ``app`` and ``services``: the only places where parts meet. ``errors`` shows all exceptions, ``piccolo_app`` all
  tables.
* Flows own journeys: ``registration``, ``login``, ``email_verification``, ``password_recovery``, ``email_change``,
  ``account``, ``administration``; ``housekeeping`` removes what is over, ``health`` answers the probes, ``pages`` shows
  what links in mails lead to.
* Resources own rows: ``users``, ``sessions``, ``one_time_tokens``, ``outbox``, ``audit``, ``throttling``. ``passwords``
  is the one way to check a password, ``sessions.eviction`` the one way to throw everybody out.
* ``kit`` knows no feature: clock, errors, breaker, logging, ``kit.crypto``, ``kit.db``, ``kit.http``.

In a package: ``controllers`` → ``service`` → ``repository`` → ``tables``; beside them ``schemas``, ``policy`` and
``errors``.
"""

from auth_api.kit.lazy_imports import import_when_used

__version__ = "0.1.0"

import_when_used("black")  # by Piccolo, to write new projects: a tenth of the time to start, and 4 MB
import_when_used("jinja2")  # to write mails and pages: 2 MB, and a thirtieth of the time to start
import_when_used("piccolo.apps.migrations.commands.new")  # to look for drift; it uses both of the above at once
import_when_used("yaml")  # by Litestar, to write the API's description a second way
