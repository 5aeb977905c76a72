#!/bin/sh
# Takes out of an image's libraries what no path of ours loads, and compiles the rest.
# That nothing else needs it is seen where the image runs: tests/images starts both on a real cluster.
#   usage: tools/prune.sh VIRTUAL-ENVIRONMENT
set -eu
cd "$1"/lib/python3.*/site-packages

# Tests, type stubs, and what only a compiler of extensions reads.
find . -depth -type d -name tests -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.a' -o -name '*.h' -o -name '*.pxd' \) -delete
rm -rf numpy/f2py numpy/distutils
find numpy -name '_*_tests.*.so' -delete

# The extension module contains the whole runtime; the library beside it is for programs in C. The rest converts models.
rm -rf onnxruntime/capi/libonnxruntime.so* onnxruntime/tools onnxruntime/transformers onnxruntime/quantization \
  onnxruntime/datasets onnxruntime/backend

# Of the Kubernetes client, which loads its parts at first use, only the transport is ours: neither the methods nor the
# models that are generated per resource, seven eighths of it.
if [ -d kubernetes ]; then
  rm -rf kubernetes/client/api kubernetes/aio/client/api
  find kubernetes/client/models kubernetes/aio/client/models -name '*.py' ! -name '__init__.py' -delete
fi

# Of the OpenAI client, what asks a vLLM: chat completions and the list of models, with the types that these import.
if [ -d openai ]; then
  find openai/resources -mindepth 1 -maxdepth 1 ! -name __init__.py ! -name chat ! -name models.py -exec rm -rf {} +
  find openai/types -mindepth 1 -maxdepth 1 -type d \
    ! -name chat ! -name graders ! -name responses ! -name shared ! -name shared_params -exec rm -rf {} +
fi

# Symbols are for a debugger. A package with foreign libraries beside it (numpy, psycopg) is left as it is: the tool that
# put them there has moved the headers of both, and a library that is then stripped cannot be loaded any more.
if command -v strip >/dev/null; then
  find . -name '*.so' -type f ! -path './*.libs/*' | while read -r library; do
    package=${library#./}
    [ -d "${package%%/*}.libs" ] || strip --strip-unneeded "$library"
  done
fi

# Not checked against the source at every start: nothing here ever changes.
python3 -m compileall -q --invalidation-mode unchecked-hash "$1"
