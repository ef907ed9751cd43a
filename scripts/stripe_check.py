"""The checks of scripts/stripe_check: stripe_check.py AGENTD LOCALSTRIPE SECRET

First the table of signatures: what the official library takes, agentd takes, and what it refuses is refused,
but for a header with two times, where the official libraries of several languages differ and agentd
refuses. Then a subscription at localstripe from its beginning to its end, told of by signed webhooks.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import stripe

AGENTD, LOCALSTRIPE, SECRET = sys.argv[1:4]
# Webhooks of localstripe come a second late.
PATIENCE = 20


def ask(url, body=None, headers=None, method=None):
    """Status and JSON of a request."""
    request = urllib.request.Request(url, body, headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, text = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, text = error.code, error.read()
    try:
        return status, json.loads(text)
    except ValueError:
        return status, None


def digest(secret, moment, body):
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()


def event(number):
    """An event of a kind that means nothing, so that only its signature matters."""
    return json.dumps({
        "id": f"evt_signature_{number}", "object": "event", "type": "ping.of_the_check", "created": int(time.time()),
        "livemode": False, "api_version": None, "data": {"object": {"id": "x_1", "object": "x"}},
    }).encode()


def signatures():
    """Names, headers and whether the official library decides on its own account, row by row."""
    now = int(time.time())
    rows = [
        ("right", lambda b: f"t={now},v1={digest(SECRET, now, b)}"),
        ("one wrong and one right", lambda b: f"t={now},v1={'0' * 64},v1={digest(SECRET, now, b)}"),
        ("another scheme beside it", lambda b: f"t={now},v1={digest(SECRET, now, b)},v0={'0' * 64}"),
        ("v1 before t", lambda b: f"v1={digest(SECRET, now, b)},t={now}"),
        ("only v0", lambda b: f"t={now},v0={digest(SECRET, now, b)}"),
        ("no t", lambda b: f"v1={digest(SECRET, now, b)}"),
        ("t is not a number", lambda b: f"t=soon,v1={digest(SECRET, now, b)}"),
        ("empty v1", lambda b: f"t={now},v1="),
        ("upper case", lambda b: f"t={now},v1={digest(SECRET, now, b).upper()}"),
        ("a space after the comma", lambda b: f"t={now}, v1={digest(SECRET, now, b)}"),
        ("another secret", lambda b: f"t={now},v1={digest('whsec_other', now, b)}"),
        ("another body", lambda b: f"t={now},v1={digest(SECRET, now, b + b' ')}"),
        ("another time", lambda b: f"t={now - 1},v1={digest(SECRET, now, b)}"),
        # Room for the seconds that the check itself takes.
        ("290 s old", lambda b: f"t={now - 290},v1={digest(SECRET, now - 290, b)}"),
        ("302 s old", lambda b: f"t={now - 302},v1={digest(SECRET, now - 302, b)}"),
        ("an hour ahead", lambda b: f"t={now + 3600},v1={digest(SECRET, now + 3600, b)}"),
        ("empty", lambda b: ""),
    ]
    return rows, [
        ("two times, the first right", lambda b: f"t={now},t=1,v1={digest(SECRET, now, b)}"),
        ("two times, the last right", lambda b: f"t=1,t={now},v1={digest(SECRET, now, b)}"),
    ]


def official(body, header):
    try:
        stripe.Webhook.construct_event(body, header, SECRET)
        return True
    except stripe.SignatureVerificationError:
        return False


def taken(body, header):
    headers = {"Content-Type": "application/json", "Stripe-Signature": header}
    status, answer = ask(f"{AGENTD}/billing/webhook", body, headers)
    if status not in (200, 400):
        raise SystemExit(f"agentd answered {status} {answer}")
    return status == 200


def check_signatures():
    rows, doubled = signatures()
    wrong = []
    for number, (name, sign) in enumerate(rows):
        body = event(number)
        header = sign(body)
        theirs, ours = official(body, header), taken(body, header)
        print(f"  {'taken' if ours else 'refused':8} {name}")
        if theirs != ours:
            wrong.append(f"{name}: the official library says {theirs}, agentd {ours}")
    for number, (name, sign) in enumerate(doubled, start=len(rows)):
        body = event(number)
        if taken(body, sign(body)):
            wrong.append(f"{name}: agentd takes it")
    # Both directions: what the official library signs is taken.
    body = event("signed").decode()
    signed = stripe.WebhookSignature.generate_signature_header(body, SECRET)
    if not taken(body.encode(), signed):
        wrong.append("what the official library signs is refused")
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"{len(rows) + len(doubled) + 1} signatures: as the official library {stripe.VERSION} says")


def at_stripe(path, fields=None, method=None):
    key = base64.b64encode(b"sk_test_check:").decode()
    body = urllib.parse.urlencode(fields).encode() if fields else None
    status, answer = ask(LOCALSTRIPE + path, body, {"Authorization": f"Basic {key}"}, method)
    if status != 200:
        raise SystemExit(f"localstripe answered {status} {answer} to {path}")
    return answer


def until(what, look):
    """Waits until `look` finds something, and returns it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise SystemExit(f"waited in vain for {what}")


def check_life():
    def listening():
        try:
            return ask(LOCALSTRIPE + "/v1/customers", None, {"Authorization": "Basic c2tfdGVzdF9jaGVjazo="})[0] == 200
        except OSError:
            return False

    until("localstripe", listening)
    owner = {"email": "dona@example.com", "password": "uma senha bem comprida", "organizationName": "Bicho Sereno"}
    json_type = {"Content-Type": "application/json"}
    status, login = ask(f"{AGENTD}/auth/register", json.dumps(owner).encode(), json_type)
    assert status == 201, (status, login)
    organization = login["organization"]["id"]
    bearer = {"Authorization": f"Bearer {login['accessToken']}"}

    def subscription():
        status, answer = ask(f"{AGENTD}/billing/subscription", None, bearer)
        assert status == 200, (status, answer)
        return answer

    assert subscription()["plan"] == "free", subscription()
    hook = {"url": f"{AGENTD}/billing/webhook", "secret": SECRET, "events": None}
    ask(f"{LOCALSTRIPE}/_config/webhooks/check", json.dumps(hook).encode(), json_type)
    plan = {"id": "pro_plan_of_the_check", "amount": 4990, "currency": "brl", "interval": "month", "name": "Pro"}
    at_stripe("/v1/plans", plan)
    card = {"card[number]": "4242424242424242", "card[exp_month]": 12, "card[exp_year]": 2040, "card[cvc]": "123"}
    token = at_stripe("/v1/tokens", card)["id"]
    named = {"metadata[organizationId]": organization}
    customer = at_stripe("/v1/customers", {"email": owner["email"], "source": token, **named})["id"]
    bought = at_stripe("/v1/subscriptions", {"customer": customer, "items[0][plan]": plan["id"], **named})
    active = until("the plan", lambda: (s := subscription())["plan"] == "pro_monthly" and s)
    assert active["status"] == "active", active
    end = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(bought["current_period_end"]))
    assert active["currentPeriodEnd"].startswith(end), (active, end)

    def invoices():
        return ask(f"{AGENTD}/billing/invoices", None, bearer)[1]["data"]

    paid = until("the invoice", invoices)
    assert [(i["amount"], i["currency"], i["status"]) for i in paid] == [(4990, "BRL", "paid")], paid
    # Cancelled by us, over the wire, and undone.
    leaving = ask(f"{AGENTD}/billing/cancel-subscription", b"", {**bearer, **json_type})
    assert leaving[0] == 200 and leaving[1]["cancelAtPeriodEnd"], leaving
    staying = ask(f"{AGENTD}/billing/resume-subscription", b"", {**bearer, **json_type})
    assert staying[0] == 200 and not staying[1]["cancelAtPeriodEnd"], staying
    # Ended by them.
    at_stripe(f"/v1/subscriptions/{bought['id']}", method="DELETE")
    ended = until("its end", lambda: (s := subscription())["status"] == "canceled" and s)
    assert ended["plan"] == "free", ended
    print("a subscription of the old API: begun, paid, cancelled, resumed, ended")


check_signatures()
check_life()
