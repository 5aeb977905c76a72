# One file, one target per image: operator, policy, trainer. `make images` builds them with what the machine has; by hand
#   docker build --target operator -t planaria.local/operator:dev .
# works on any base with Python 3.11 or newer. A private package index, or a proxy with certificates of its own, is told
# through secrets, which stay in no layer: --secret id=pip,src=pip.conf --secret id=ca,src=ca.pem
ARG BASE=python:3.11-slim
# What builds needs the base's Python at the same path, and pip. Where it has binutils too (python:3.11), the libraries are
# stripped of their symbols, a twelfth of them.
ARG BUILDER=${BASE}

# What builds has an environment of its own, of which nothing ships.
FROM ${BUILDER} AS build
ENV PIP_CONFIG_FILE=/run/secrets/pip PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_DEPS=1 PIP_NO_INPUT=1 \
    PIP_PROGRESS_BAR=off PIP_QUIET=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/planaria
COPY locks/build.lock locks/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip install --no-compile --require-hashes --requirement locks/build.lock
COPY tools/prune.sh tools/place.sh tools/

FROM build AS wheel
COPY pyproject.toml README.md LICENSE ./
COPY contract contract
COPY semantics semantics
COPY operator operator
COPY policy policy
COPY cli cli
RUN /opt/build/bin/pip wheel --no-build-isolation --no-index --wheel-dir /wheels .

# The libraries, which change seldom, are one layer; Planaria itself is a small one on top, put together in /files.
FROM build AS operator-libraries
COPY locks/operator.lock locks/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip --python /opt/planaria/bin/python install --no-compile --require-hashes --requirement locks/operator.lock \
    && tools/prune.sh /opt/planaria
FROM operator-libraries AS operator-files
COPY --from=wheel /wheels /wheels
RUN tools/place.sh /wheels /files planaria_policy

FROM build AS policy-libraries
COPY locks/policy.lock locks/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip --python /opt/planaria/bin/python install --no-compile --require-hashes --requirement locks/policy.lock \
    && PYTHONOPTIMIZE=2 tools/prune.sh /opt/planaria
FROM policy-libraries AS policy-files
COPY --from=wheel /wheels /wheels
RUN PYTHONOPTIMIZE=2 tools/place.sh /wheels /files planaria_operator planaria_kubectl planaria_policy/semantics

# The virtual environments point at the base's own Python, so all stages share one base. Byte code is in the layers: the
# root is read-only, and without it every start would compile for a second.
FROM ${BASE} AS runtime
ENV PATH=/opt/planaria/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ORT_DISABLE_TELEMETRY=1 DO_NOT_TRACK=1
WORKDIR /
USER 65532:65532

FROM runtime AS operator
COPY --from=operator-libraries /opt/planaria /opt/planaria
COPY --from=operator-files /files /
EXPOSE 8080
ENTRYPOINT ["planaria-operator"]
CMD ["run", "--listen", "0.0.0.0:8080"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="planaria-operator" org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

FROM runtime AS policy
# Without docstrings: they are a twentieth of the service's memory. Byte code is compiled at the same level above.
ENV PYTHONOPTIMIZE=2
COPY --from=policy-libraries /opt/planaria /opt/planaria
COPY --from=policy-files /files /
EXPOSE 8090
ENTRYPOINT ["planaria"]
CMD ["policy", "serve", "--host", "0.0.0.0"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="planaria-policy" org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"

# Gigabytes of torch, and locked for Python 3.11 alone: last, so that building another target never waits for it.
FROM build AS trainer-libraries
COPY locks/train.lock locks/
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca --mount=type=cache,target=/root/.cache/pip \
    /opt/build/bin/pip --python /opt/planaria/bin/python install --no-compile --require-hashes --requirement locks/train.lock
FROM trainer-libraries AS trainer-files
COPY --from=wheel /wheels /wheels
RUN tools/place.sh /wheels /files

FROM runtime AS trainer
COPY --from=trainer-libraries /opt/planaria /opt/planaria
COPY --from=trainer-files /files /
# Ray and torch write beside what they run: give the pod a volume at /work.
ENV HOME=/work TMPDIR=/work
WORKDIR /work
ENTRYPOINT ["planaria"]
CMD ["policy", "train", "--output", "/work/policy"]
ARG VERSION=0.0.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="planaria-trainer" org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
