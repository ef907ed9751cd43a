#!/usr/bin/env python3
"""Write the embedding model as two ONNX graphs, from its safetensors weights.

    export_onnx.py MODEL_DIR OUT_DIR

MODEL_DIR holds model.safetensors, config.json and tokenizer.json. OUT_DIR receives
one folder per profile, `all-MiniLM-L6-v2` (float32) and `all-MiniLM-L6-v2-int8`
(weights quantised to 8 bits), each complete: graph, tokenizer, configuration and
the profile.json that the program reads.

Inputs of the graph   input_ids, attention_mask, token_type_ids: int64 [batch, seq]
Output of the graph   sentence_embedding: float32 [batch, hidden]

Mean pooling over the mask and the L2 normalisation are nodes of the graph, so that
every caller gets the same vector and none has to know how this model pools.
"""

import hashlib
import json
import logging
import math
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

NAME = "all-MiniLM-L6-v2"
OPSET = 18
# ONNX Runtime accepts older IR versions for ever, newer ones only from some release on.
IR_VERSION = 8


class Graph:
    """Collects nodes and constants; every method returns the name of a value."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes = []
        self.constants = {}

    def constant(self, name, value, dtype):
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value, dtype=dtype, order="C"), name)
        return name

    def scalar(self, name, value, dtype=np.float32):
        return self.constant(name, value, dtype)

    def ints(self, *values):
        return self.constant("ints_" + "_".join(str(v) for v in values), values, np.int64)

    def weight(self, name, transpose=False):
        value = self.weights[name]
        return self.constant(name, value.T if transpose else value, np.float32)

    def add(self, op, *inputs, name=None, **attributes):
        out = name or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [out], name=f"node_{out}", **attributes))
        return out

    def linear(self, x, layer):
        product = self.add("MatMul", x, self.weight(f"{layer}.weight", transpose=True))
        return self.add("Add", product, self.weight(f"{layer}.bias"))

    def layer_norm(self, x, layer, epsilon):
        return self.add(
            "LayerNormalization",
            x,
            self.weight(f"{layer}.weight"),
            self.weight(f"{layer}.bias"),
            axis=-1,
            epsilon=epsilon,
        )

    def gelu(self, x):
        """The exact form with erf, written out: the pattern ONNX Runtime fuses."""
        erf = self.add("Erf", self.add("Div", x, self.scalar("sqrt_two", math.sqrt(2.0))))
        gate = self.add("Add", erf, self.scalar("one", 1.0))
        return self.add("Mul", self.add("Mul", x, gate), self.scalar("half", 0.5))


def build(weights, config):
    """The forward pass of a BERT encoder, in the node order that attention fusion looks for."""
    g = Graph(weights)
    hidden = config["hidden_size"]
    heads = config["num_attention_heads"]
    per_head = hidden // heads
    epsilon = config["layer_norm_eps"]
    if config["hidden_act"] != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise SystemExit("export_onnx: only BERT with gelu and absolute positions is understood")

    # Token, type and position embeddings.
    length = g.add("Gather", g.add("Shape", "input_ids"), g.scalar("axis_one", 1, np.int64))
    positions = g.add(
        "Range", g.scalar("range_start", 0, np.int64), length, g.scalar("range_step", 1, np.int64)
    )
    words = g.add("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids")
    types = g.add("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    places = g.add("Gather", g.weight("embeddings.position_embeddings.weight"), positions)
    x = g.add("Add", g.add("Add", words, types), places)
    x = g.layer_norm(x, "embeddings.LayerNorm", epsilon)

    # 0 where there is a token, a large negative number where there is padding; [batch, 1, 1, seq].
    mask = g.add("Unsqueeze", g.add("Unsqueeze", "attention_mask", g.ints(1)), g.ints(2))
    mask = g.add("Sub", g.scalar("one", 1.0), g.add("Cast", mask, to=TensorProto.FLOAT))
    mask = g.add("Mul", mask, g.scalar("masked", -10000.0))

    split, merge = g.ints(0, 0, heads, per_head), g.ints(0, 0, hidden)

    def project(x, layer, order):
        return g.add("Transpose", g.add("Reshape", g.linear(x, layer), split), perm=order)

    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        attention = f"{layer}.attention"
        query = project(x, f"{attention}.self.query", [0, 2, 1, 3])
        key = project(x, f"{attention}.self.key", [0, 2, 3, 1])
        value = project(x, f"{attention}.self.value", [0, 2, 1, 3])
        scores = g.add("Div", g.add("MatMul", query, key), g.scalar("sqrt_head", math.sqrt(per_head)))
        scores = g.add("Softmax", g.add("Add", scores, mask), axis=3)
        context = g.add("Transpose", g.add("MatMul", scores, value), perm=[0, 2, 1, 3])
        context = g.linear(g.add("Reshape", context, merge), f"{attention}.output.dense")
        x = g.layer_norm(g.add("Add", context, x), f"{attention}.output.LayerNorm", epsilon)
        inner = g.gelu(g.linear(x, f"{layer}.intermediate.dense"))
        x = g.layer_norm(
            g.add("Add", g.linear(inner, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm", epsilon
        )

    # Mean over the tokens that are not padding, then unit length. The two floors keep
    # an input of nothing but padding from becoming NaN.
    weights_of_tokens = g.add(
        "Cast", g.add("Unsqueeze", "attention_mask", g.ints(2)), to=TensorProto.FLOAT
    )
    total = g.add("ReduceSum", g.add("Mul", x, weights_of_tokens), g.ints(1), keepdims=0)
    count = g.add("ReduceSum", weights_of_tokens, g.ints(1), keepdims=0)
    mean = g.add("Div", total, g.add("Max", count, g.scalar("least_count", 1e-9)))
    norm = g.add("ReduceL2", mean, g.ints(-1), keepdims=1)
    g.add("Div", mean, g.add("Max", norm, g.scalar("least_norm", 1e-12)), name="sentence_embedding")

    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    outputs = [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", hidden])]
    model = helper.make_model(
        helper.make_graph(g.nodes, "sentence_encoder", inputs, outputs, list(g.constants.values())),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="export_onnx",
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def quantise(source, target):
    """8-bit weights for the matrix products and the word table; activations stay float
    between the nodes and are quantised at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # It advises a preparation that changes nothing for this graph.
    logging.getLogger().setLevel(logging.ERROR)
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        # One scale for a whole matrix costs far too much here: cosines down to 0.67.
        per_channel=True,
        # 7 bits of range: with all 8, the 16-bit sums of processors without VNNI saturate
        # and the vectors depend on the machine.
        reduce_range=True,
    )


def write_tokenizer(source, target):
    """The published file pads and cuts everything to 128 tokens. Both belong to the caller,
    who knows the longest text of its batch and the limit in profile.json."""
    tokenizer = json.loads(source.read_text(encoding="utf-8"))
    tokenizer["truncation"] = None
    tokenizer["padding"] = None
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def write_profile(folder, name, config):
    def digest(file):
        return hashlib.sha256((folder / file).read_bytes()).hexdigest()

    profile = {
        "name": name,
        "dimension": config["hidden_size"],
        "maxTokens": 256,
        "pooling": "in-graph",
        "normalize": True,
        "queryPrefix": "",
        "passagePrefix": "",
        "defaultThreshold": 0.35,
        "languages": ["en"],
        "license": "Apache-2.0",
        "source": "sentence-transformers/all-MiniLM-L6-v2",
        "output": "sentence_embedding",
        "files": {file: digest(file) for file in ("model.onnx", "tokenizer.json")},
    }
    (folder / "profile.json").write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    weights = {
        name.removeprefix("bert."): value for name, value in load_file(source / "model.safetensors").items()
    }

    full, small = out / NAME, out / f"{NAME}-int8"
    for folder in (full, small):
        folder.mkdir(parents=True, exist_ok=True)
        write_tokenizer(source / "tokenizer.json", folder / "tokenizer.json")
        shutil.copyfile(source / "config.json", folder / "config.json")

    onnx.save(build(weights, config), full / "model.onnx")
    quantise(full / "model.onnx", small / "model.onnx")
    for folder in (full, small):
        write_profile(folder, folder.name, config)
        size = (folder / "model.onnx").stat().st_size
        print(f"{folder.name}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
