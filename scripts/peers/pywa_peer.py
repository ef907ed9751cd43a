"""The Python peer, pywa: what it makes of our signatures and webhooks, and what it sends.

    pywa_peer.py signatures WEBHOOK SECRET      posts bodies to the daemon: it accepts what pywa accepts
    pywa_peer.py send GRAPH SENT                sends what the daemon sent (SENT) to the fake Graph API
    pywa_peer.py parse FILE SECRET              reads webhooks that receiver.py wrote down
"""

import json
import logging
import sys

import httpx
from pywa import WhatsApp, handlers
from pywa.types import Button, Section, SectionList, SectionRow
from pywa.types.templates import BodyText, TemplateLanguage
from pywa.utils import webhook_updates_validator

from contents import events

NUMBER = "1001"
TO = "5511987654321"


def signed(secret, body):
    import hashlib
    import hmac

    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def signatures(webhook, secret):
    body = {"object": "whatsapp_business_account", "entry": [], "note": "ação 🙂 a/b <c> 100% d@e"}
    raw = json.dumps(body, ensure_ascii=False).encode()
    escaped = json.dumps(body).encode()
    slashes = escaped.replace(b"/", b"\\/").replace(b"<", b"\\u003C").replace(b"%", b"\\u0025")
    spaced = json.dumps(body, indent=3).encode() + b"\r\n"
    good = signed(secret, escaped)
    cases = [(name, data, signed(secret, data)) for name, data in [
        ("raw UTF-8", raw), ("escaped unicode", escaped), ("escaped slashes", slashes), ("spaces", spaced),
        ("no JSON", b"\xff\x00 not json"), ("empty object", b"{}"),
    ]]
    cases += [
        ("tampered body", escaped.replace(b"entry", b"entri"), good),
        ("one byte more", escaped + b" ", good),
        ("raw under the signature of escaped", raw, good),
        ("another secret", escaped, signed("another", escaped)),
        ("cut signature", escaped, good[:-2]),
        ("no hex", escaped, "sha256=" + "z" * 64),
        ("empty signature", escaped, "sha256="),
        ("SHA-1", escaped, "sha1=" + good.removeprefix("sha256=")),
        ("no signature", escaped, None),
    ]
    failures = []
    for name, data, header in cases:
        theirs = header is not None and webhook_updates_validator(secret, data, header)
        headers = {"Content-Type": "application/json"}
        if header is not None:
            headers["X-Hub-Signature-256"] = header
        status = httpx.post(webhook, content=data, headers=headers).status_code
        expected = 200 if theirs else 401 if header is None else 403
        if status != expected:
            failures.append(f"{name}: pywa says {theirs}, agentd answered {status}")
    print(f"pywa: {len(cases)} signatures, agreed on {len(cases) - len(failures)}")
    return failures


def send(graph, sent):
    client = WhatsApp(phone_id=NUMBER, token="token", session=httpx.Client())
    # Its constructor sets Meta's address.
    client.api._session.base_url = f"{graph}/v23.0"
    by_type = {e["type"]: e["payload"] for e in events(sent, "message")}
    to = by_type["text"]["to"]
    text = by_type["text"]["text"]["body"]
    client.send_message(to, text)
    client.send_message(TO, "Às 10h.", reply_to_message_id="wamid.IN", tracker="ours-1")
    interactive = by_type["interactive"]
    buttons = [b["reply"] for b in interactive["interactive"]["action"]["buttons"]]
    client.send_message(
        interactive["to"],
        interactive["interactive"]["body"]["text"],
        buttons=[Button(b["title"], b["id"]) for b in buttons],
    )
    rows = [SectionRow(title="Horários", callback_data="hours", description="Quando abrimos")]
    sections = SectionList(button_title="Ver opções", sections=[Section(title="Loja", rows=rows)])
    client.send_message(TO, "Escolha:", buttons=sections)
    template = by_type["template"]
    values = [p["text"] for p in template["template"]["components"][0]["parameters"]]
    client.send_template(
        template["to"],
        name=template["template"]["name"],
        language=TemplateLanguage(template["template"]["language"]["code"]),
        params=[BodyText.params(*values)],
    )
    client.indicate_typing(events(sent, "read")[0]["messageId"])
    return []


def is_broken_form(element):
    form = element.get("interactive", {}).get("nfm_reply")
    try:
        return form is not None and json.loads(form["response_json"]) is None
    except ValueError:
        return True


def parse(path, secret):
    complaints = []

    class Complaints(logging.Handler):
        def emit(self, record):
            if record.levelno >= logging.WARNING:
                why = record.exc_info and repr(record.exc_info[1]) or ""
                complaints.append(f"{record.getMessage()} {why}")

    logging.getLogger("pywa").addHandler(Complaints())
    logging.getLogger("pywa").propagate = False
    # Whatever number it is about.
    client = WhatsApp(phone_id=NUMBER, token="token", server=None, filter_updates=False)
    seen = []
    kinds = [getattr(handlers, name) for name in dir(handlers) if name.endswith("Handler")]
    kinds = [k for k in kinds if isinstance(k, type) and k.__name__ not in ("Handler", "RawUpdateHandler")]
    for kind in kinds:
        try:
            client.add_handlers(kind(lambda _, update: seen.append(update)))
        except (TypeError, ValueError):
            pass  # Flows need a server of their own.
    failures, read = [], 0
    with open(path) as file:
        for line in file:
            webhook = json.loads(line)
            body = webhook["body"].encode()
            value = json.loads(body)["entry"][0]["changes"][0]["value"]
            elements = value.get("messages", []) + value.get("statuses", [])
            kind = elements[0].get("type") or elements[0]["status"]
            complaints.clear(), seen.clear()
            if not webhook_updates_validator(secret, body, webhook["signature"]):
                failures.append(f"{kind}: the signature is not accepted")
            # What pywa itself cannot read is nothing to agree about: a type of the future, and a form whose
            # answers are no JSON.
            if kind == "hologram" or is_broken_form(elements[0]):
                continue
            client.webhook_update_handler(body)
            read += 1
            if complaints or not seen:
                failures.append(f"{kind}: {complaints or 'not read'}: {elements[0]}")
            elif kind == "text" and seen[0].text != elements[0]["text"]["body"]:
                failures.append(f"text: {seen[0].text!r}")
    print(f"pywa: {read} webhooks, read {read - len(failures)}")
    return failures


if __name__ == "__main__":
    found = {"signatures": signatures, "send": send, "parse": parse}[sys.argv[1]](*sys.argv[2:])
    for failure in found:
        print(f"  {failure}")
    sys.exit(1 if found else 0)
