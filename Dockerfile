FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
# Without pip, which a running server has no use for.
RUN python -m venv --without-pip /opt/auth-api
# Before the source, so that a change of code does not install the dependencies again.
COPY requirements requirements
RUN pip install --require-hashes -r requirements/build.txt \
    && pip --python /opt/auth-api/bin/python install --require-hashes -r requirements/run.txt
COPY . .
RUN pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && pip --python /opt/auth-api/bin/python install --no-deps /wheels/*.whl

FROM python:3.13-slim
ENV PATH=/opt/auth-api/bin:$PATH PYTHONUNBUFFERED=1 PORT=8000
COPY --from=build /opt/auth-api /opt/auth-api
RUN useradd --system --no-create-home auth-api && install --directory --owner=auth-api --mode=700 /data
USER auth-api
# What the server writes goes into the working folder: a SQLite database and, in development, its secrets.
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=10s --interval=10s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
ENTRYPOINT ["auth-api"]
CMD ["serve", "--host", "0.0.0.0"]
