FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# Only argon2 is compiled; all other packages are wheels.
RUN apt-get update -q && apt-get install -q -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# No pip in the image: a running server does not need it.
RUN python -m venv --without-pip /opt/auth-api
# Copied before the source, so that a code change does not reinstall the dependencies.
COPY requirements requirements
RUN pip install --require-hashes -r requirements/build.txt -r requirements/argon2.txt \
    && pip --python /opt/auth-api/bin/python install --require-hashes -r requirements/run.txt
# The wheel of the argon2 bindings runs on any x86-64. Also build it for processors since about 2015: see entrypoint.sh.
RUN mkdir /opt/x86-64-v3 && if [ "$(uname -m)" = x86_64 ]; then \
    sed -n '/^argon2-cffi-bindings==/,/# via/p' requirements/run.txt > /tmp/argon2.txt \
    && CFLAGS='-O3 -march=x86-64-v3' pip install --require-hashes --no-deps --no-build-isolation \
        --no-binary argon2-cffi-bindings --target /opt/x86-64-v3 -r /tmp/argon2.txt; fi
COPY . .
RUN pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && pip --python /opt/auth-api/bin/python install --no-deps /wheels/*.whl

FROM python:3.13-slim
ENV HOME=/data PATH=/opt/auth-api/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8000
COPY --from=build /opt/auth-api /opt/auth-api
COPY --from=build /opt/x86-64-v3 /opt/x86-64-v3
COPY deploy/entrypoint.sh /usr/local/bin/entrypoint.sh
# A number, by which an engine can check that it is not root. Engines that choose the user id themselves keep group 0.
RUN useradd --system --no-create-home --uid 10001 --gid 0 auth-api \
    && install --directory --owner=10001 --group=0 --mode=770 /data
USER 10001:0
# The server writes only to the working folder: a SQLite database and, in development, a secret. Everything else may be
# read-only (docker run --read-only).
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=10s --interval=10s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
ENTRYPOINT ["entrypoint.sh"]
CMD ["serve", "--host", "0.0.0.0"]
