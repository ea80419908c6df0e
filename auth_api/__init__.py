"""An authentication server: one process, one database, one ``.env``.

How the house is laid out, from the door inwards (imports point downwards only):

* ``cli``, ``server``, ``asgi``, ``app``: commands, the process, and ``create_app``, the only place where parts meet.
* Flows own journeys: ``registration``, ``login``, ``account``, ``administration``; ``health`` answers the probes.
* Resources own rows: ``users``, ``sessions``, ``audit``; ``one_time_tokens``, ``throttling`` and ``outbox`` so far own
  nothing but their tables.
* ``kit`` knows no feature: clock, errors, breaker, logging, ``kit.crypto``, ``kit.db``, ``kit.http``.

In a package: ``controllers`` → ``service`` → ``repository`` → ``tables``; beside them ``schemas``, ``policy`` and
``errors``.
"""

__version__ = "0.1.0"
