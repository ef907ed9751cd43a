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
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

NAME = "all-MiniLM-L6-v2"
GRAPH, WEIGHTS = "model.onnx", "model.onnx_data"
OPSET = 18
# ONNX Runtime's own nodes.
RUNTIME = "com.microsoft"
RUNTIME_OPS = {"Gelu", "MatMulIntegerToFloat", "MultiHeadAttention"}
# ONNX Runtime accepts older IR versions for ever, newer ones only from some release on.
IR_VERSION = 8
# Weights from this many bytes on go into a file of their own, each from a page boundary on.
LARGE = 1 << 14
PAGE = 4096


class Graph:
    """Collects nodes and constants; every method returns the name of a value.

    With `int8` the large weights are written as 8-bit integers and the products as the
    nodes that quantise their input at run time.
    """

    def __init__(self, weights, int8):
        self.weights = weights
        self.int8 = int8
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

    def weight(self, name):
        return self.constant(name, self.weights[name], np.float32)

    def node(self, op, *inputs, outputs, **attributes):
        domain = RUNTIME if op in RUNTIME_OPS else ""
        self.nodes.append(
            helper.make_node(op, list(inputs), outputs, name=f"node_{outputs[0]}", domain=domain, **attributes)
        )

    def add(self, op, *inputs, name=None, **attributes):
        out = name or f"{op.lower()}_{len(self.nodes)}"
        self.node(op, *inputs, outputs=[out], **attributes)
        return out

    def rows(self, table, ids):
        """Looks up rows of a table."""
        if not self.int8:
            return self.add("Gather", self.weight(table), ids)
        small, scale = quantise(self.weights[table], 127)
        rows = self.add("Gather", self.constant(table, small, np.int8), ids)
        return self.add("DequantizeLinear", rows, self.scalar(f"{table}.scale", scale))

    def linear(self, x, *layers):
        """The products of one value with the weights of several layers."""
        if not self.int8:
            results = []
            for layer in layers:
                # [out, in] as published. Stored the other way round: read in place, without a copy.
                weight = self.constant(f"{layer}.weight", self.weights[f"{layer}.weight"].T, np.float32)
                results.append(self.add("Gemm", x, weight, self.weight(f"{layer}.bias")))
            return results
        out = f"quantised_{len(self.nodes)}"
        scale, zero = f"{out}_scale", f"{out}_zero"
        self.node("DynamicQuantizeLinear", x, outputs=[out, scale, zero])
        results = []
        for layer in layers:
            # 7 bits of range: with all 8, the 16-bit sums of processors without VNNI saturate
            # and the vectors depend on the machine. One scale for a whole matrix would cost far
            # too much: cosines down to 0.67.
            small, scales = quantise(self.weights[f"{layer}.weight"].T, 64, axis=0)
            results.append(
                self.add(
                    "MatMulIntegerToFloat",
                    out,
                    self.constant(f"{layer}.weight", small, np.int8),
                    scale,
                    self.constant(f"{layer}.scales", scales, np.float32),
                    zero,
                    "",
                    self.weight(f"{layer}.bias"),
                )
            )
        return results

    def layer_norm(self, x, layer, epsilon):
        return self.add(
            "LayerNormalization",
            x,
            self.weight(f"{layer}.weight"),
            self.weight(f"{layer}.bias"),
            axis=-1,
            epsilon=epsilon,
        )


def quantise(weight, largest, axis=None):
    """A weight as integers from -largest to largest, and its scale (one a column, or one)."""
    scale = np.maximum(np.abs(weight).max(axis=axis), np.float32(1e-12)) / np.float32(largest)
    return np.rint(weight / scale).astype(np.int8), scale


def build(weights, config, int8):
    """The forward pass of a BERT encoder.

    Written in the nodes that ONNX Runtime would fuse a plain graph into: what is fused here
    need not be found and fused again each time the model is loaded. Not all of them are
    better: its SkipLayerNormalization is several times slower than Add and
    LayerNormalization. Gemm adds the bias itself, but takes two dimensions.
    """
    g = Graph(weights, int8)
    hidden = config["hidden_size"]
    heads = config["num_attention_heads"]
    epsilon = config["layer_norm_eps"]
    if config["hidden_act"] != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise SystemExit("export_onnx: only BERT with gelu and absolute positions is understood")

    # Token, type and position embeddings; [batch, seq, hidden].
    length = g.add("Shape", "input_ids", start=1, end=2)
    words = g.rows("embeddings.word_embeddings.weight", "input_ids")
    types = g.add("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    places = g.add("Slice", g.weight("embeddings.position_embeddings.weight"), g.ints(0), length)
    x = g.add("Add", g.add("Add", words, types), places)
    x = g.layer_norm(x, "embeddings.LayerNorm", epsilon)

    # Between the attentions every token is a row; [batch * seq, hidden].
    mask = g.add("Cast", "attention_mask", to=TensorProto.INT32)
    rows, sentences = g.ints(-1, hidden), g.add("Shape", x)
    x = g.add("Reshape", x, rows)
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        attention = f"{layer}.attention"
        parts = g.linear(x, *(f"{attention}.self.{part}" for part in ("query", "key", "value")))
        parts = [g.add("Reshape", part, sentences) for part in parts]
        context = g.add("MultiHeadAttention", *parts, "", mask, num_heads=heads)
        (context,) = g.linear(g.add("Reshape", context, rows), f"{attention}.output.dense")
        x = g.layer_norm(g.add("Add", context, x), f"{attention}.output.LayerNorm", epsilon)
        (inner,) = g.linear(x, f"{layer}.intermediate.dense")
        # The exact form with erf.
        (inner,) = g.linear(g.add("Gelu", inner), f"{layer}.output.dense")
        x = g.layer_norm(g.add("Add", inner, x), f"{layer}.output.LayerNorm", epsilon)
    x = g.add("Reshape", x, sentences)

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
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(RUNTIME, 1)],
        producer_name="export_onnx",
    )
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def save(model, folder):
    """Writes the graph, and next to it the large weights.

    ONNX Runtime maps a file of weights into memory, while weights inside the graph are
    parsed and copied: several times as long until the first vector, and more memory.
    """
    with open(folder / WEIGHTS, "wb") as weights:
        for tensor in model.graph.initializer:
            if len(tensor.raw_data) < LARGE:
                continue
            weights.write(bytes(-weights.tell() % PAGE))
            where = {"location": WEIGHTS, "offset": weights.tell(), "length": len(tensor.raw_data)}
            weights.write(tensor.raw_data)
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in where.items():
                tensor.external_data.add(key=key, value=str(value))
    (folder / GRAPH).write_bytes(model.SerializeToString(deterministic=True))


def write_tokenizer(source, target):
    """The published file pads and cuts everything to 128 tokens. Both belong to the caller,
    who knows the longest text of its batch and the limit in profile.json."""
    tokenizer = json.loads(source.read_text(encoding="utf-8"))
    tokenizer["truncation"] = None
    tokenizer["padding"] = None
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def write_profile(folder, config, int8):
    def digest(file):
        return hashlib.sha256((folder / file).read_bytes()).hexdigest()

    profile = {
        "name": folder.name,
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
        "dynamicQuantization": int8,
        "files": {file: digest(file) for file in (GRAPH, WEIGHTS, "tokenizer.json")},
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

    for name, int8 in ((NAME, False), (f"{NAME}-int8", True)):
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        write_tokenizer(source / "tokenizer.json", folder / "tokenizer.json")
        shutil.copyfile(source / "config.json", folder / "config.json")
        save(build(weights, config, int8), folder)
        write_profile(folder, config, int8)
        size = sum((folder / file).stat().st_size for file in (GRAPH, WEIGHTS))
        print(f"{name}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
