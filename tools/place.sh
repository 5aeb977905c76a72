#!/bin/sh
# Installs our own wheel for /opt/planaria, but under another root, with byte code: the files of one small layer.
#   usage: tools/place.sh WHEELS ROOT
set -eu
/opt/build/bin/pip --python /opt/planaria/bin/python install --no-compile --no-index --no-warn-script-location --root "$2" "$1"/*.whl
python3 -m compileall -q --invalidation-mode unchecked-hash -s "$2" -p / "$2"
