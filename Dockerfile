# One image for every process of Broadcaster and for the carrier simulator. No compiler, no shell tricks, no root.
# The Python packages come from hashed requirements; styles, scripts and county shapes from the npm lock file.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /venv
WORKDIR /app
COPY requirements.txt ./
RUN /venv/bin/pip install --require-hashes -r requirements.txt

FROM node:22-bookworm-slim AS node

FROM packages AS assets
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY .npmrc package.json package-lock.json ./
RUN npm ci
COPY .ci .ci
COPY broadcaster broadcaster
COPY templates templates
RUN /venv/bin/python -m broadcaster.local.assets

FROM packages AS program
COPY pyproject.toml requirements.in README.md LICENSE ./
COPY broadcaster broadcaster
# Editable, because the program finds templates/ beside its own folder.
RUN /venv/bin/pip install --no-deps --no-build-isolation -e .
COPY templates templates
COPY deploy/*.py deploy/
COPY --from=assets /app/broadcaster/web/static broadcaster/web/static
RUN /venv/bin/python -m compileall -q broadcaster

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 broadcaster \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin broadcaster \
 && install -d -o 10001 -g 10001 -m 0755 /srv/public \
 && install -d -o 10001 -g 10001 -m 0700 /srv/binder
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
COPY --from=program /venv /venv
COPY --from=program /app /app
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["broadcaster"]
CMD ["--help"]
