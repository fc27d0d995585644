FROM python:3.12-slim AS build
WORKDIR /build
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels -c constraints.txt .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 senso
COPY --from=build /wheels /wheels
RUN pip install --no-cache-dir --no-index --find-links /wheels senso && rm -rf /wheels
USER senso
WORKDIR /home/senso
ENV PYTHONUNBUFFERED=1 ENVIRONMENT=production LOG_FORMAT=json
ENTRYPOINT ["senso"]
CMD ["doctor"]
