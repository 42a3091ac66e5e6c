# One image for every process of Broadcaster and for the carrier simulator. No compiler, no shell tricks, no root.
# The styles, scripts and county shapes come from the npm lock file, the Python packages from hashed requirements.

FROM node:22-bookworm-slim AS node

FROM python:3.11-slim-bookworm AS assets
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci
COPY .ci .ci
COPY broadcaster broadcaster
COPY templates templates
RUN python -m broadcaster.local.assets

FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /venv
WORKDIR /app
COPY requirements.txt ./
RUN /venv/bin/pip install --require-hashes -r requirements.txt
COPY pyproject.toml requirements.in README.md LICENSE ./
COPY broadcaster broadcaster
# Editable, because the program finds templates/ beside its own folder.
RUN /venv/bin/pip install --no-deps --no-build-isolation -e .

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 broadcaster \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin broadcaster \
 && install -d -o 10001 -g 10001 -m 0755 /srv/public /srv/state
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
WORKDIR /app
COPY --from=packages /venv /venv
COPY --from=packages /app /app
COPY templates templates
COPY deploy/*.py deploy/
COPY --from=assets /app/broadcaster/web/static broadcaster/web/static
RUN python -m compileall -q broadcaster
USER 10001:10001
ENTRYPOINT ["broadcaster"]
CMD ["--help"]
