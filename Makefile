# Uses the first of these that is Python 3.11 or newer; `make run PYTHON=/path/to/python3` selects another.
PYTHON ?= python3.13 python3.12 python3.11 python3
# `make test TEST_ENGINES=sqlite ARGS="-k login"` runs fewer tests.
TEST_ENGINES ?= sqlite postgres
UPGRADE ?= --upgrade

PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet

# A virtual environment works only in the folder it was created in, and only while its Python exists.
VENV_IS_SOUND := $(shell test -x .venv/bin/python && grep -qsxF '$(CURDIR)' .venv/folder && echo yes)
FOUND_PYTHON = $(shell for python in $(PYTHON); do \
	"$$python" -c 'import ensurepip, sqlite3, ssl, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo "$$python" && break; done)
NOT_INSTALLED := { echo 'The installation failed. If pip found no matching version, check that this machine reaches the package' \
	'index: https://pypi.org, or the one that PIP_INDEX_URL or pip.conf names.' >&2; exit 1; }
IS_WRITABLE = $(shell test -w . && mkdir -p .venv 2>/dev/null && test -w .venv && echo yes)

on_each_engine = (failed=0; for engine in $(TEST_ENGINES); do \
	.venv/bin/python $(1) --engine=$$engine || [ $$? -eq 5 ] || failed=1; \
	done; exit $$failed)

# Let Python write compiled modules: the next test run starts eight seconds earlier.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run install dev test slow torture bench fuzz coverage check lock container-steps deployment-tests provider-tests client-tests openapi client docs messages clean FORCE

help: ## List these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' Makefile

run: .venv/run ## Start the server; HOST=… and PORT=… set the address it listens on.
	@exec .venv/bin/auth-api serve

install: .venv/run ## Install what the server needs.

dev: .venv/dev ## Also install what the tests and checks need.

test: .venv/dev ## Run the quick tests on each database, in about 9 minutes; ARGS=… is passed to pytest.
	@$(call on_each_engine,-m pytest -q -n 2 -m "not slow" $(ARGS))

slow: .venv/dev ## Run the slow tests: browsers, several processes, thousands of requests.
	@$(call on_each_engine,-m pytest -q -n 2 -m slow $(ARGS))

torture: .venv/dev ## Inject faults for 20 minutes and write the results to docs/reliability.md.
	@rm -f torture.jsonl; failed=0; for engine in $(TEST_ENGINES); do \
		TORTURE_RESULTS=torture.jsonl .venv/bin/python -m pytest -q --torture --engine=$$engine tests/faults $(ARGS) \
		|| failed=1; \
	done; .venv/bin/python -m tests.faults.matrix torture.jsonl docs/reliability.md; exit $$failed

bench: .venv/dev ## Compare the speed with other servers in 12 minutes; ARGS=--quick takes 3. Needs wrk: docs/performance.md.
	@.venv/bin/python -m benchmarks.calls; status=$$?; .venv/bin/python -m benchmarks $(ARGS) && exit $$status

coverage: .venv/dev ## Run the quick and slow tests with branch coverage.
	@rm -f .coverage .coverage.*
	@$(call on_each_engine,-m coverage run -m pytest -q -n 2 $(ARGS)); failed=$$?; \
	.venv/bin/python -m coverage combine -q && .venv/bin/python -m coverage report && exit $$failed

fuzz: .venv/dev .venv/fuzz/installed ## Send generated requests to a server on each database; FUZZ_EXAMPLES=… sets their number.
	@failed=0; .venv/bin/python -m tests.fuzz .venv/fuzz/bin/schemathesis $(TEST_ENGINES) || failed=1; \
	export FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-500}; \
	$(call on_each_engine,-m pytest -q -n 2 tests/security/test_generated_factors.py) || failed=1; exit $$failed

check: .venv/dev ## Run the linter, the formatter and the type checker, and look for missing migrations.
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/auth-api migrate --drift

lock: .venv/folder ## Lock the newest allowed versions in requirements/*.txt; UPGRADE= keeps the current versions.
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	.venv/bin/python -m venv "$$tools"; "$$tools/bin/pip" install --disable-pip-version-check --quiet uv; \
	lock() { output=requirements/$$1.txt; shift; echo "$$output"; "$$tools/bin/uv" pip compile --quiet $(UPGRADE) \
		--universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url \
		--annotation-style line --custom-compile-command 'make lock' --output-file "$$output" "$$@"; }; \
	lock run pyproject.toml; \
	for peer in fastapi-users pocketbase; do lock ../benchmarks/peers/$$peer/requirements \
		benchmarks/peers/$$peer/requirements.in; done; \
	lock dev pyproject.toml --group dev --constraint requirements/run.txt; \
	lock fuzz --group fuzz; \
	build=$$(.venv/bin/python -c 'import tomllib; \
		print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")'); \
	printf '%s\neditables\n' "$$build" | lock build -; \
	printf '%s\n' cmake ninja 'scikit-build-core>=1.0' 'setuptools-scm>=8' | lock argon2 - --constraint requirements/build.txt # build requirements of argon2-cffi-bindings

container-steps: .venv/dev ## Run the steps of the Dockerfile without Docker, then test the result (Linux, as root).
	.venv/bin/python -m tests.container.steps

deployment-tests: .venv/dev ## Test deploy/ with nginx, Caddy, pgbouncer, systemd, PostgreSQL versions, and a provider.
	.venv/bin/python -m pytest -q --deployment --engine=postgres tests/deployment $(ARGS)

provider-tests: .venv/dev ## Log in by real OpenID providers: oidc-provider (Node.js) and Keycloak (Java, Maven).
	.venv/bin/python -m pytest -q --providers tests/providers $(ARGS)

client-tests: .venv/dev ## Log in to applications with real OAuth clients: Node.js, Go, Java, oauth2-proxy, nginx, Apache.
	@$(call on_each_engine,-m pytest -q --clients tests/oauth_clients $(ARGS))

openapi: .venv/run ## Write tests/contract/openapi.json, with which a contract test compares the API.
	.venv/bin/auth-api openapi > tests/contract/openapi.json

client: ## Build the TypeScript client as build/auth-api-sdk.tgz, with the types of the API; needs Node.js.
	@cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund --silent && npm run --silent generate && npm run --silent build
	@mkdir -p build && cd clients/typescript && mv "$$(npm pack --silent)" ../../build/auth-api-sdk.tgz
	@echo 'build/auth-api-sdk.tgz'

docs: .venv/dev ## Write the documentation pages that are generated from the code.
	.venv/bin/python -m tests.support.schema_page docs/schema.md
	.venv/bin/python -m tests.support.errors_page docs/errors.md
	.venv/bin/python -m tests.support.configuration_page docs/configuration.md
	.venv/bin/python -m tests.support.roles_page docs/roles.md

messages: .venv/dev ## Collect the texts of the pages into the files of their translations, and compile these.
	.venv/bin/python -m tests.support.page_messages

clean: ## Remove generated files, except databases and secrets.
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.* htmlcov build dist
	rm -rf auth_api/kit/http/docs_pages/bundles auth_api/users/common_passwords.* auth_api/web/frame/messages/*.mo
	rm -rf benchmarks/.cache
	find auth_api benchmarks tests -name __pycache__ -prune -exec rm -rf {} +

.venv/folder: $(if $(VENV_IS_SOUND),,FORCE)
	$(if $(IS_WRITABLE),,$(error The folder $(CURDIR) is not writable, and .venv must be created there))
	$(eval FOUND_PYTHON := $(FOUND_PYTHON))
	$(if $(FOUND_PYTHON),,$(error No Python 3.11 or newer with the modules ensurepip, sqlite3 and ssl was found among: $(PYTHON). Install one (Debian: python3-venv), or pass PYTHON=/path/to/python3))
	@"$(FOUND_PYTHON)" -m venv --clear .venv
	@echo '$(CURDIR)' > $@

# pip cannot check the hashes of an editable install's build requirements: --constraint rejects the install, and older
# versions do not know --build-constraint. So they are first installed by hash into a temporary folder.
.venv/run: .venv/folder requirements/run.txt requirements/build.txt pyproject.toml hatch_build.py $(wildcard auth_api/web/frame/messages/*.po)
	$(if $(IS_WRITABLE),,$(error The folder $(CURDIR) is not writable, and its .venv is out of date))
	@echo 'Installing into .venv. This takes about 20 seconds; later starts skip it.'
	@$(PIP) install --require-hashes -r requirements/run.txt || $(NOT_INSTALLED)
	@rm -rf .venv/build
	@$(PIP) install --require-hashes --no-compile --target .venv/build -r requirements/build.txt || $(NOT_INSTALLED)
	@PYTHONPATH='$(CURDIR)/.venv/build' $(PIP) install --no-build-isolation --no-deps --editable . || $(NOT_INSTALLED)
	@rm -rf .venv/build
	@touch $@

.venv/dev: .venv/run requirements/dev.txt clients/python/pyproject.toml
	@$(PIP) install --require-hashes -r requirements/dev.txt || $(NOT_INSTALLED)
	@$(PIP) install --no-build-isolation --no-deps --editable clients/python || $(NOT_INSTALLED)
	@touch $@

.venv/fuzz/installed: .venv/folder requirements/fuzz.txt
	@.venv/bin/python -m venv --clear .venv/fuzz
	@.venv/fuzz/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/fuzz.txt || $(NOT_INSTALLED)
	@touch $@
