#!/bin/sh
# Installs our own wheel for /opt/planaria, but under another root, with byte code: the files of one small layer.
# A ROOM is a folder of it that this image has no use for.
#   usage: tools/place.sh WHEELS ROOT [ROOM...]
set -eu
wheels=$1 root=$2
shift 2
/opt/build/bin/pip --python /opt/planaria/bin/python install --no-compile --no-index --no-warn-script-location --root "$root" "$wheels"/*.whl
for room; do
  rm -rf "$root"/opt/planaria/lib/python3.*/site-packages/"$room"
done
python3 -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$root"
