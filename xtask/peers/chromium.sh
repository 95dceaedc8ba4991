#!/bin/sh
# Starts the Chromium that lies unpacked beside this file, with the libraries and fonts that were unpacked with it.
here=$(dirname "$(readlink -f "$0")")
root=$here/unpacked
for folder in "$root"/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu* \
  "$root"/usr/lib/*-linux-gnu*/nss "$root"/usr/lib/*-linux-gnu*/pulseaudio; do
  if [ -d "$folder" ]; then LD_LIBRARY_PATH=$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; fi
done
export LD_LIBRARY_PATH FONTCONFIG_FILE="$here/fonts.conf"
# The last resort is for a system that has no fonts set up.
cat >"$FONTCONFIG_FILE" <<EOF
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>$root/usr/share/fonts</dir>
  <cachedir>$here/fonts</cachedir>
  <alias><family>monospace</family><default><family>DejaVu Sans Mono</family></default></alias>
  <match><edit name="family" mode="append_last"><string>DejaVu Sans</string></edit></match>
</fontconfig>
EOF
exec "$root/usr/lib/chromium/chromium" "$@"
