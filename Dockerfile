# The worker as an image. `docker build --tag tocsin .`; compose.yaml runs it beside a Kafka.
# What is installed is what the locks say, hash by hash; what builds, a C compiler among it, stays in the first stage.

FROM python:3.13.9-bookworm AS build
WORKDIR /opt/tocsin
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv .venv
RUN awk '/^(setuptools|mypy|ast-serialize|librt|pathspec)==/ {on=1; print; next} on && /^ / {print; next} {on=0}' requirements-dev.lock > build.lock
RUN .venv/bin/pip install --disable-pip-version-check --require-hashes -r requirements.lock -r build.lock
COPY pyproject.toml setup.py README.md LICENSE ./
COPY events events
COPY projections projections
COPY seeds seeds
COPY streams streams
RUN TOCSIN_COMPILE=1 .venv/bin/pip install --disable-pip-version-check --no-deps --no-build-isolation --no-index .
RUN .venv/bin/pip uninstall --quiet --yes -r build.lock
RUN rm -rf build .mypy_cache *.egg-info events projections seeds streams

FROM python:3.13.9-slim-bookworm
RUN useradd --uid 10001 --create-home tocsin && install --directory --owner=tocsin /var/lib/tocsin
COPY --from=build /opt/tocsin /opt/tocsin
ENV PATH=/opt/tocsin/.venv/bin:$PATH
ENV TOCSIN_HOME=/var/lib/tocsin
ENV TOCSIN_HTTP=127.0.0.1:9464
USER tocsin
WORKDIR /var/lib/tocsin
VOLUME /var/lib/tocsin
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as it; it.urlopen('http://127.0.0.1:9464/readyz', timeout=3)"]
# SIGTERM ends it within five seconds, what it was doing intact
CMD ["tocsin", "worker"]
