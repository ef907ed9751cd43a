"""Whether three programs make the same messages of the same contents.

    compare.py OURS THEIRS FIXTURE

OURS: what the daemon sent. THEIRS: what the peers sent. Both as `agentctl simulate graph --json` printed them.
FIXTURE: kinds that the daemon has no occasion for; a test of agent-core holds our own to it.
"""

import json
import sys

from contents import events, kind_of, plain

PEERS = {"1001": "pywa", "1002": "whatsapp-api-js"}
KINDS = ["text", "text reply", "button", "list", "template"]

ours = {kind_of(e["payload"]): plain(e["payload"]) for e in events(sys.argv[1], "message")}
theirs = {
    name: {kind_of(e["payload"]): plain(e["payload"]) for e in events(sys.argv[2], "message", number)}
    for number, name in PEERS.items()
}
with open(sys.argv[3]) as file:
    ours |= json.load(file)
failures = []
for kind in KINDS:
    made = {name: messages.get(kind) for name, messages in theirs.items()}
    failures += [f"{name} sent no {kind} that was accepted" for name, message in made.items() if not message]
    model = ours.get(kind)
    failures += [f"{kind}: {name} {message} and not {model}" for name, message in made.items() if message != model]
for number, name in PEERS.items():
    read = {(e["messageId"], e["typing"]) for e in events(sys.argv[2], "read", number)}
    wanted = {(e["messageId"], e["typing"]) for e in events(sys.argv[1], "read")}
    if not read & wanted:
        failures.append(f"{name} marked {read} as read, and agentd {wanted}")
print(f"messages: {len(KINDS) + 1} kinds compared")
for failure in failures:
    print(f"  {failure}")
sys.exit(1 if failures else 0)
