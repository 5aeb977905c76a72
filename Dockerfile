# One file, one target per image. Builds from any base with Python 3.11 or newer:
#   docker build --target operator -t planaria-operator .
#   buildah bud --build-arg BASE=localhost/python-base --target operator -t planaria-operator .
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python3 -m venv /opt/planaria
WORKDIR /src
COPY locks/operator.lock locks/
RUN /opt/planaria/bin/pip install --quiet --require-hashes --requirement locks/operator.lock
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY semantics semantics
COPY operator operator
COPY policy policy
COPY cli cli
RUN /opt/planaria/bin/pip install --quiet --no-deps .

FROM ${BASE} AS operator
# The virtual environment points at the base's own Python, so both stages share one base.
COPY --from=build /opt/planaria /opt/planaria
ENV PATH=/opt/planaria/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ORT_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["planaria-operator"]
CMD ["run", "--listen", "0.0.0.0:8080"]
