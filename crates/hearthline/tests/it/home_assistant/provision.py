"""Makes the config folder of a Home Assistant that nobody has to onboard.

usage: provision.py FOLDER PORT LOGIN_ATTEMPTS

Users and tokens are made by Home Assistant's own auth manager, so no format of its storage is assumed. Prints
{"owner": TOKEN, "reader": TOKEN}; the reader is no administrator. LOGIN_ATTEMPTS: how many wrong tokens ban an
address; -1 for never.
"""

import asyncio
import json
import pathlib
import sys
from datetime import timedelta

from homeassistant.auth import auth_manager_from_config
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_USER
from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.helpers.storage import Store

CONFIGURATION = """\
homeassistant:
  name: Test house
  latitude: 52.37
  longitude: 4.89
  elevation: 2
  unit_system: metric
  time_zone: UTC
http:
  server_host: 127.0.0.1
  server_port: {port}
  ip_ban_enabled: {ban}
  login_attempts_threshold: {attempts}
api:
config:
recorder:
  commit_interval: 1
history:
logger:
  default: warning
"""


async def users(folder: pathlib.Path) -> dict[str, str]:
    hass = HomeAssistant(str(folder))
    await asyncio.gather(device_registry.async_load(hass), entity_registry.async_load(hass))
    hass.auth = await auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    tokens = {}
    for name, group in (("owner", GROUP_ID_ADMIN), ("reader", GROUP_ID_USER)):
        user = await hass.auth.async_create_user(name, group_ids=[group])
        refresh = await hass.auth.async_create_refresh_token(
            user,
            client_name="hearthline",
            token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
            access_token_expiration=timedelta(days=365),
        )
        tokens[name] = hass.auth.async_create_access_token(refresh)
    await Store(hass, 4, "onboarding").async_save({"done": ["user", "core_config", "analytics", "integration"]})
    await hass.async_stop(force=True)  # writes what is still to be saved
    return tokens


def main() -> None:
    folder, port, attempts = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    text = CONFIGURATION.format(port=port, ban=str(attempts > 0).lower(), attempts=attempts)
    (folder / "configuration.yaml").write_text(text, encoding="utf-8")
    print(json.dumps(asyncio.run(users(folder))))


main()
