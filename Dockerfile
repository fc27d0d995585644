FROM python:3.12.12-slim-bookworm AS build
WORKDIR /build
# Folder by folder: whatever else lies beside them, secrets above all, is in no layer.
COPY setup.py setup.cfg pyproject.toml constraints.txt MANIFEST.in README.md LICENSE celerybeat-schedule.py ./
COPY alembic alembic
COPY senso senso
RUN pip wheel --no-cache-dir --wheel-dir /wheels -c constraints.txt ".[mcp]"

FROM python:3.12.12-slim-bookworm
RUN useradd --create-home --uid 10001 senso
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "senso[mcp]"
USER senso
# The timetable of the working folder goes before the one in the package: compose.yaml mounts it here.
WORKDIR /home/senso
# Two heaps a process: by default glibc gives each thread up to eight a core, which a worker fills and never returns.
ENV PYTHONUNBUFFERED=1 ENVIRONMENT=production LOG_FORMAT=json MALLOC_ARENA_MAX=2
ENTRYPOINT ["senso"]
CMD ["doctor"]
