#!/usr/bin/env python3
"""Check the exported models against the reference vectors; exit 1 when they do not match.

    verify_onnx.py MODELS_DIR FIXTURE.json

MODELS_DIR is what export_onnx.py wrote. The float32 model has to reproduce every vector
(cosine of at least 0.9999 each), the 8-bit one to stay close (at least 0.97 on average).
The sentences go through the exported tokenizer.json, once as one padded batch and once
one by one, so that the tokenizer, the mask and the pooling are checked as well as the
weights. The 8-bit model is the reason for both: it scales the activations of a batch
together, so its vectors depend a little on what else is in the batch.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

NAME = "all-MiniLM-L6-v2"
LEAST_EACH = 0.9999
LEAST_MEAN_INT8 = 0.97


def embed(folder, sentences):
    profile = json.loads((folder / "profile.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if tokenizer.padding is not None or tokenizer.truncation is not None:
        raise SystemExit(f"{folder.name}: tokenizer.json still pads or truncates")
    tokenizer.enable_truncation(profile["maxTokens"])
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(
        str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    def run(texts):
        batch = tokenizer.encode_batch(texts)
        (vectors,) = session.run(
            [profile["output"]],
            {
                "input_ids": np.array([e.ids for e in batch], dtype=np.int64),
                "attention_mask": np.array([e.attention_mask for e in batch], dtype=np.int64),
                "token_type_ids": np.array([e.type_ids for e in batch], dtype=np.int64),
            },
        )
        if vectors.shape != (len(texts), profile["dimension"]):
            raise SystemExit(f"{folder.name}: the output has shape {vectors.shape}")
        return vectors.astype(np.float64)

    return run(sentences), np.concatenate([run([sentence]) for sentence in sentences])


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    models, fixture = Path(sys.argv[1]), Path(sys.argv[2])
    reference = json.loads(fixture.read_text(encoding="utf-8"))
    if reference["model"] != NAME or not reference["sentences"]:
        raise SystemExit(f"{fixture.name} does not describe {NAME}")
    expected = np.array(reference["vectors"], dtype=np.float64)

    failed = False
    for folder in (models / NAME, models / f"{NAME}-int8"):
        int8 = folder.name.endswith("-int8")
        for how, vectors in zip(("in a batch", "one by one"), embed(folder, reference["sentences"])):
            # Unit length is part of what is promised; without it this were no cosine.
            unit = np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-4)
            cosines = (vectors * expected).sum(axis=1) / np.linalg.norm(expected, axis=1)
            close = cosines.mean() >= LEAST_MEAN_INT8 if int8 else cosines.min() >= LEAST_EACH
            failed |= not (unit and close)
            print(
                f"{folder.name}, {how}: cosine with the reference {cosines.min():.6f} at least, "
                f"{cosines.mean():.6f} on average{'' if unit and close else ' - NOT GOOD ENOUGH'}"
            )
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
