"""What one kind of message looks like, whoever sent it: for comparing what three programs make of the same
content. Only what Meta documents as optional or as a default is left out.
"""

import json

# What comes out the same for two different ways of writing it.
LEFT_OUT = {"biz_opaque_callback_data"}


def events(path, kind, sender=None):
    """What `agentctl simulate graph --json` printed of one kind."""
    with open(path) as file:
        lines = [json.loads(line) for line in file if line.endswith("\n")]
    return [e for e in lines if e["event"] == kind and sender in (None, e["from"])]


def plain(payload):
    """The payload of a message without what makes no difference."""
    message = {key: value for key, value in payload.items() if key not in LEFT_OUT and value is not None}
    # The default.
    if message.get("recipient_type") == "individual":
        del message["recipient_type"]
    if message["type"] == "text" and message["text"].get("preview_url") is False:
        del message["text"]["preview_url"]
    if message["type"] == "template":
        template = message["template"]
        # The only policy there is.
        template["language"].pop("policy", None)
        for component in template.get("components", []):
            component["type"] = component["type"].lower()
    return message


def kind_of(payload):
    """`text`, `button`, `list`, `template`; with ` reply` for one that answers a certain message."""
    kind = payload.get("type", "text")
    if kind == "interactive":
        kind = payload["interactive"]["type"]
    return kind + (" reply" if payload.get("context") else "")
