"""A treasury's mirror in Python, written against the hosted service: ws_client.py URL CHAIN WALLET TOKEN TOKEN [KEY]

It watches the first token; once that has moved, the second as well; once that has, it loses its connection and comes
back with the id of its subscription; then it ends that and itself. It prints all that it is told.
"""

import json
import sys

import websocket

url, chain, wallet, first, second = sys.argv[1:6]
authorization = sys.argv[6] if len(sys.argv) > 6 else None
subscription_id = "treasury"


def subscribe(socket, *tokens):
    items = [{"wallet": wallet, "token": token, "blockchain": f"evm:{chain}"} for token in tokens]
    payload = {"items": items, "subscriptionId": subscription_id, "subscriptionTracking": True}
    socket.send(json.dumps({"type": "balance", "authorization": authorization, "payload": payload}))


def messages(socket):
    while True:
        text = socket.recv()
        if not text:
            return
        print(text, flush=True)
        message = json.loads(text)
        if message.get("event") == "error":
            sys.exit(message["message"])
        yield message


changes = 0
socket = websocket.create_connection(url, timeout=60)
subscribe(socket, first)
for message in messages(socket):
    if isinstance(message.get("data"), dict):
        changes += 1
        if changes == 2:
            break
        subscribe(socket, first, second)
socket.shutdown()

socket = websocket.create_connection(url, timeout=60)
subscribe(socket, first, second)
for message in messages(socket):
    if isinstance(message.get("data"), list):
        socket.send(json.dumps({"type": "unsubscribe", "payload": {"subscriptionId": subscription_id}}))
    if message.get("event") == "unsubscribed":
        break
socket.close()
