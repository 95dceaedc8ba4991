"""Gives Home Assistant one command over its WebSocket, as its owner does on a page, and prints the result as JSON.

usage: command.py ADDRESS COMMAND (JSON without an id); the token is in TOKEN.
"""

import asyncio
import json
import os
import sys

import aiohttp


async def main() -> None:
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(sys.argv[1], max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": os.environ["TOKEN"]})
            assert (await socket.receive_json())["type"] == "auth_ok"
            await socket.send_json({"id": 1} | json.loads(sys.argv[2]))
            answer = await socket.receive_json()
            assert answer["success"], answer
            print(json.dumps(answer["result"]))


asyncio.run(main())
