#!/usr/bin/env bash
# Makes .venv from locks/dev.lock, .venv-train, .venv-docs or .venv-vllm from theirs. Does nothing where it is already up to date.
#   usage: tools/env.sh [lock|train|docs|vllm]      `vllm` exits with 3 where its packages cannot be had
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${PLANARIA_CACHE:-$HOME/.cache/planaria}"
stamp=.venv/.planaria-env
wanted=$( (cat locks/dev.lock pyproject.toml 2>/dev/null || true) | sha256sum | cut -d" " -f1)

say() { printf '[env] %s\n' "$*" >&2; }

find_uv() {
  if command -v uv >/dev/null; then command -v uv; return; fi
  if [ ! -x "$cache/uv/bin/uv" ]; then
    say "fetching uv with pip"
    python3 -m venv "$cache/uv" >/dev/null 2>&1 || install_venv
    "$cache/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv
  fi
  echo "$cache/uv/bin/uv"
}

# A minimal Debian or Ubuntu ships Python without venv.
install_venv() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "python3 -m venv does not work here; install it with: sudo apt-get install python3-venv"
    exit 2
  fi
  say "installing python3-venv"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null
  rm -rf "$cache/uv" && python3 -m venv "$cache/uv"
}

if [ "${1:-}" = lock ]; then
  uv=$(find_uv)
  common="--universal --generate-hashes --no-emit-index-url --no-header --quiet"
  "$uv" pip compile pyproject.toml --extra dev $common --output-file locks/dev.lock
  # The images hold what the tests saw. The operator can trace; without the flag nothing of that is loaded. Nothing of
  # ours fetches from a hub, which only `tokenizers` names.
  "$uv" pip compile pyproject.toml --extra operator --extra tracing $common --constraint locks/dev.lock --no-emit-package hf-xet \
    --no-emit-package huggingface-hub --no-emit-package fsspec --no-emit-package filelock --output-file locks/operator.lock
  "$uv" pip compile pyproject.toml --extra policy $common --constraint locks/dev.lock --output-file locks/policy.lock
  "$uv" pip compile pyproject.toml --extra docs $common --constraint locks/dev.lock --output-file locks/docs.lock
  echo "hatchling>=1.27" | "$uv" pip compile - $common --output-file locks/build.lock
  # What torch names but never loads on a machine without a GPU is left out: a gigabyte.
  "$uv" pip compile pyproject.toml --extra train --python-version 3.11 --python-platform linux --generate-hashes \
    --no-emit-index-url --no-header --quiet --no-emit-package triton --no-emit-package nvidia-cusolver \
    --no-emit-package nvidia-nvtx --no-emit-package cuda-bindings --no-emit-package cuda-pathfinder \
    --no-emit-package cuda-toolkit --output-file locks/train.lock
  exit
fi

# The trainer, in an environment of its own: torch is larger than all the rest.
if [ "${1:-}" = train ]; then
  stamp=.venv-train/.planaria-env
  wanted=$(cat locks/train.lock pyproject.toml | sha256sum | cut -d" " -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0
  uv=$(find_uv)
  say "creating .venv-train from locks/train.lock (half a minute; 2.6 GB to fetch the first time)"
  [ -x .venv-train/bin/python ] || "$uv" venv --quiet --python 3.11 .venv-train
  "$uv" pip sync --quiet --python .venv-train/bin/python locks/train.lock
  "$uv" pip install --quiet --python .venv-train/bin/python --no-deps --editable .
  echo "$wanted" > "$stamp"
  exit
fi

# What builds the site.
if [ "${1:-}" = docs ]; then
  stamp=.venv-docs/.planaria-env
  wanted=$(sha256sum < locks/docs.lock | cut -d" " -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0
  uv=$(find_uv)
  say "creating .venv-docs from locks/docs.lock (a few seconds)"
  [ -x .venv-docs/bin/python ] || "$uv" venv --quiet --python '>=3.11' .venv-docs
  "$uv" pip sync --quiet --python .venv-docs/bin/python locks/docs.lock
  echo "$wanted" > "$stamp"
  exit
fi

# A real vLLM for the tests, in an environment of its own: it pins torch and much else.
make_vllm() {
  local stamp=.venv-vllm/.planaria-env wanted uv lock=locks/vllm.lock small
  wanted=$(cat locks/vllm.lock tools/vllm-alias/pyproject.toml | sha256sum | cut -d" " -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return
  uv=$(find_uv)
  say "creating .venv-vllm from locks/vllm.lock (half a minute; 3 GB to fetch the first time)"
  [ -x .venv-vllm/bin/python ] || "$uv" venv --quiet --python 3.11 .venv-vllm || return
  # Where a build of torch for the CPU can be had, the CUDA libraries are dead weight; PyPI itself has none.
  if "$uv" pip install --quiet --python .venv-vllm/bin/python --dry-run --no-deps torch==2.13.0+cpu 2>/dev/null; then
    small=$(mktemp)
    grep -v '^nvidia-' "$lock" | sed 's/^torch==2.13.0$/&+cpu/' > "$small"
    lock=$small
  fi
  "$uv" pip install --quiet --python .venv-vllm/bin/python --no-deps --compile-bytecode -r "$lock" || return
  "$uv" pip install --quiet --python .venv-vllm/bin/python --no-deps --no-build-isolation ./tools/vllm-alias || return
  rm -rf "${small:-}" tools/vllm-alias/build tools/vllm-alias/*.egg-info
  echo "$wanted" > "$stamp"
}

if [ "${1:-}" = vllm ]; then
  make_vllm || { say "the packages of vLLM cannot be had here"; exit 3; }
  exit
fi

[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && exit 0
uv=$(find_uv)
say "creating .venv from locks/dev.lock (a few seconds; a minute the first time)"
[ -x .venv/bin/python ] || "$uv" venv --quiet --python '>=3.11' .venv
"$uv" pip sync --quiet --python .venv/bin/python locks/dev.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --editable .
echo "$wanted" > "$stamp"
