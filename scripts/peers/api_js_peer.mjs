// The JavaScript peer, whatsapp-api-js: what it makes of our signatures and webhooks, and what it sends.
//
//   api_js_peer.mjs send GRAPH SENT       sends what the daemon sent (SENT) to the fake Graph API
//   api_js_peer.mjs parse FILE SECRET     reads webhooks that receiver.py wrote down

import { readFileSync } from "node:fs";
import { WhatsAppAPI } from "whatsapp-api-js";
import {
  ActionButtons, ActionList, Body, BodyComponent, BodyParameter, Button, Interactive, Language, ListSection,
  Row, Template, Text,
} from "whatsapp-api-js/messages";

const NUMBER = "1002";
const TO = "5511987654321";

function lines(path) {
  return readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

function api(appSecret, graph) {
  const here = (url, init) => fetch(String(url).replace("https://graph.facebook.com", graph), init);
  return new WhatsAppAPI({ token: "token", appSecret, v: "v23.0", ponyfill: { fetch: here, subtle: crypto.subtle } });
}

async function send(graph, sent) {
  const whatsapp = api("secret", graph);
  const all = lines(sent);
  const byType = Object.fromEntries(all.filter((e) => e.event === "message").map((e) => [e.type, e.payload]));
  const { text, interactive, template } = byType;
  const buttons = interactive.interactive.action.buttons.map((b) => new Button(b.reply.id, b.reply.title));
  const values = template.template.components[0].parameters.map((p) => new BodyParameter(p.text));
  const messages = [
    [text.to, new Text(text.text.body)],
    [TO, new Text("Às 10h."), "wamid.IN", "ours-1"],
    [interactive.to, new Interactive(new ActionButtons(...buttons), new Body(interactive.interactive.body.text))],
    [TO, new Interactive(
      new ActionList("Ver opções", new ListSection("Loja", new Row("hours", "Horários", "Quando abrimos"))),
      new Body("Escolha:"),
    )],
    [template.to, new Template(
      template.template.name, new Language(template.template.language.code), new BodyComponent(...values),
    )],
  ];
  const failures = [];
  for (const message of messages) {
    const answer = await whatsapp.sendMessage(NUMBER, ...message);
    if (!answer?.messages?.[0]?.id) failures.push(JSON.stringify(answer));
  }
  const read = await whatsapp.markAsRead(NUMBER, all.find((e) => e.event === "read").messageId, "text");
  if (!read?.success) failures.push(JSON.stringify(read));
  return failures;
}

async function parse(path, secret) {
  const whatsapp = api(secret, "");
  let seen = [];
  whatsapp.on.message = ({ from, message }) => seen.push({ from, element: message });
  whatsapp.on.status = ({ phone, status, id }) => seen.push({ from: phone, element: { status, id } });
  const failures = [];
  const all = lines(path);
  for (const { body, signature } of all) {
    const data = JSON.parse(body);
    const { value } = data.entry[0].changes[0];
    // It reads the first of each webhook only.
    const [element] = value.messages ?? value.statuses;
    const kind = element.type ?? element.status;
    seen = [];
    try {
      await whatsapp.post(data, body, signature);
    } catch (error) {
      failures.push(`${kind}: ${error}`);
      continue;
    }
    const [read] = seen;
    if (!read?.from || read.element.id !== element.id) failures.push(`${kind}: not read: ${JSON.stringify(element)}`);
  }
  console.log(`whatsapp-api-js: ${all.length} webhooks, read ${all.length - failures.length}`);
  return failures;
}

const [what, ...rest] = process.argv.slice(2);
const failures = await { send, parse }[what](...rest);
for (const failure of failures) console.log(`  ${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
