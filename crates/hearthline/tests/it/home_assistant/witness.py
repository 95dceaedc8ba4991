"""A second client of Home Assistant, which shares no code with the program under test.

Prints `subscribed`, then every state_changed event as a line of JSON: entity_id, ts (last_updated, or time_fired of a
removal) and last_changed in microseconds, state and attributes. The address is the argument, the token is in TOKEN.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta

import aiohttp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def seen(event: dict) -> dict:
    new = event["data"]["new_state"] or {}
    ts = micros(new.get("last_updated", event["time_fired"]))
    return {
        "entity_id": event["data"]["entity_id"],
        "ts": ts,
        "last_changed": micros(new["last_changed"]) if new else ts,
        "state": new.get("state"),
        "attributes": new.get("attributes"),
    }


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(sys.argv[1], max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": os.environ["TOKEN"]})
            assert (await socket.receive_json())["type"] == "auth_ok"
            await socket.send_json({"id": 1, "type": "subscribe_events", "event_type": "state_changed"})
            assert (await socket.receive_json())["success"]
            print("subscribed", flush=True)
            async for message in socket:
                print(json.dumps(seen(message.json()["event"])), flush=True)


asyncio.run(main())
