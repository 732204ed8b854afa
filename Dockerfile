# The monitor with its bundled model, on the CPU build of PyTorch. Two stages, so that pip's cache and build tools stay behind.
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY pyproject.toml README.md LICENSE ./
COPY monitor monitor
RUN /venv/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu '.[postgres]'

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 monitor
WORKDIR /app
COPY --from=build /venv /venv
COPY alembic alembic
COPY pyproject.toml ./
COPY config config
COPY seeds seeds
# The package is run from /app, beside alembic/, config/ and seeds/, so that it finds all three.
COPY monitor monitor
RUN mkdir -p var && chown -R monitor:monitor /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
USER monitor
VOLUME /app/var
HEALTHCHECK --interval=60s --timeout=20s --start-period=120s CMD ["monitor", "db", "check"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["monitor"]
CMD ["run", "--upgrade"]
