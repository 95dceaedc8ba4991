#!/bin/sh
# Starts a program of mosquitto that lies unpacked beside this file, by the name under which this is called.
here=$(dirname "$(readlink -f "$0")")
for folder in "$here"/unpacked/lib/*-linux-gnu* "$here"/unpacked/usr/lib/*-linux-gnu*; do
  if [ -d "$folder" ]; then LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi
done
export LD_LIBRARY_PATH
for folder in "$here"/unpacked/usr/sbin "$here"/unpacked/usr/bin; do
  if [ -x "$folder/$(basename "$0")" ]; then exec "$folder/$(basename "$0")" "$@"; fi
done
exit 127
