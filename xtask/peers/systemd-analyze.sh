#!/bin/sh
# Debian's systemd-analyze, with its library from where it was unpacked.
here=$(dirname "$(readlink -f "$0")")
for folder in "$here"/unpacked/usr/lib/*/systemd "$here"/unpacked/lib/*/systemd; do
  libraries="$folder${libraries:+:$libraries}"
done
LD_LIBRARY_PATH="$libraries" exec "$here/unpacked/usr/bin/systemd-analyze" "$@"
