#!/usr/bin/env python3
"""Compute the reference vectors of the embedding model with numpy alone.

    reference_vectors.py MODEL_DIR FIXTURE.json

The forward pass is written a second time here, in float64 and one sentence at a time,
without ONNX and without padding: what the exported graph is checked against must not
share its code. The result is kept in the repository; run this again only when the
model or the sentences change.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

MAX_TOKENS = 256

SENTENCES = [
    "Qual é o horário de atendimento aos sábados?",
    "What time do you open on Saturdays?",
    "Sim.",
    "The refund is paid to the card used for the purchase within ten working days.",
    "A garantia cobre defeitos de fabricação por doze meses, contados da data da nota fiscal.",
    "Order #4471-B: 3 × USB-C cable (2 m), R$ 89,90 each — shipped 14/03.",
    "Você pode cancelar a reserva sem custo até 48 horas antes da chegada; depois disso, cobramos a "
    "primeira diária.",
    "Para trocar um produto, guarde a embalagem original e a nota fiscal e entre em contato conosco em "
    "até sete dias corridos depois do recebimento. Nossa equipe confere o pedido, envia uma etiqueta "
    "de postagem por e-mail e avisa assim que o pacote chega ao depósito. Se o defeito for confirmado, "
    "você escolhe entre um produto igual, um crédito na loja ou a devolução do valor pago, que volta "
    "pelo mesmo meio de pagamento usado na compra. Produtos de higiene, alimentos abertos e itens feitos "
    "sob medida não podem ser trocados, a não ser que tenham chegado com defeito. Compras feitas no "
    "balcão seguem as mesmas regras.",
]


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x)


class Encoder:
    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.weights = {
            name.removeprefix("bert."): value.astype(np.float64)
            for name, value in load_file(folder / "model.safetensors").items()
            if value.dtype.kind == "f"
        }

    def dense(self, x, layer):
        return x @ self.weights[f"{layer}.weight"].T + self.weights[f"{layer}.bias"]

    def layer_norm(self, x, layer):
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.config["layer_norm_eps"])
        return centred / spread * self.weights[f"{layer}.weight"] + self.weights[f"{layer}.bias"]

    def attention(self, x, layer):
        heads = self.config["num_attention_heads"]
        # [seq, hidden] to [heads, seq, per head]
        query, key, value = (
            self.dense(x, f"{layer}.self.{part}").reshape(len(x), heads, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        )
        scores = np.einsum("hqd,hkd->hqk", query, key) / math.sqrt(query.shape[-1])
        share = np.exp(scores - scores.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        mixed = np.einsum("hqk,hkd->qhd", share, value).reshape(x.shape)
        return self.layer_norm(self.dense(mixed, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")

    def embed(self, ids):
        table = "embeddings.{}_embeddings.weight".format
        x = self.weights[table("word")][ids] + self.weights[table("position")][: len(ids)]
        x = self.layer_norm(x + self.weights[table("token_type")][0], "embeddings.LayerNorm")
        for index in range(self.config["num_hidden_layers"]):
            layer = f"encoder.layer.{index}"
            x = self.attention(x, f"{layer}.attention")
            inner = self.dense(x, f"{layer}.intermediate.dense")
            inner = inner * (1.0 + erf(inner / math.sqrt(2.0))) / 2.0
            x = self.layer_norm(self.dense(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
        mean = x.mean(axis=0)
        return mean / np.linalg.norm(mean)


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    folder, fixture = Path(sys.argv[1]), Path(sys.argv[2])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoder = Encoder(folder)
    vectors = []
    for sentence in SENTENCES:
        ids = tokenizer.encode(sentence).ids
        print(f"{len(ids):4d} tokens  {sentence[:60]}")
        vectors.append([round(float(v), 7) for v in encoder.embed(ids)])

    # One vector per line: a change shows up in a diff as the sentences it concerns.
    lines = ",\n    ".join(json.dumps(vector) for vector in vectors)
    sentences = ",\n    ".join(json.dumps(sentence, ensure_ascii=False) for sentence in SENTENCES)
    fixture.write_text(
        '{\n  "model": "all-MiniLM-L6-v2",\n'
        f'  "sentences": [\n    {sentences}\n  ],\n  "vectors": [\n    {lines}\n  ]\n}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
