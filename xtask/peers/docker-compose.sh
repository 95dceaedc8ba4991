#!/bin/sh
# Debian's docker-compose, with its modules from where they were unpacked. It only reads files here: there is no engine.
here=$(dirname "$(readlink -f "$0")")
PYTHONPATH="$here/unpacked/usr/lib/python3/dist-packages" exec /usr/bin/python3 "$here/unpacked/usr/bin/docker-compose" "$@"
