#!/usr/bin/env python3
"""Writes plugins/fields/stored_vector/stored_vector_golden.h: small files by NumPy and safetensors themselves."""
import io

import numpy as np
import torch
from safetensors.torch import save

VECTORS = np.array([[1, -2, 3], [0.5, 4, -0.25]])


def npy(array, **how):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, **how)
    return out.getvalue()


def literal(data):
    """Bytes as a C++ string literal; each escape stands alone, so that no digit after it joins it."""
    return "std::string_view(" + " ".join('"' + "".join("\\%03o" % b for b in data[k:k + 24]) + '"' for k in range(0, len(data), 24)) + ", %d)" % len(data)


def tensors(dtype, *names):
    return save({n: torch.tensor(VECTORS if n != "a" else VECTORS[:, :1].copy()).to(dtype) for n in names})


print("// Made by tools/goldens/stored_vector.py.\n#pragma once\n\n#include <string_view>\n")
print("struct GoldenFile {\n  const char* name;\n  std::string_view bytes;\n};\n")
print("constexpr GoldenFile golden_vectors[] = {")
for name, data in {
    "f32.npy": npy(VECTORS.astype("<f4")),
    "f16.npy": npy(VECTORS.astype("<f2")),
    "f64, version 2.npy": npy(VECTORS.astype("<f8"), version=(2, 0)),
    "f32.safetensors": tensors(torch.float32, "v"),
    "bf16.safetensors": tensors(torch.bfloat16, "v"),
    "f16, two.safetensors": tensors(torch.float16, "a", "b"),
}.items():
    print('    {"%s", %s},' % (name, literal(data)))
print("};")
print("constexpr std::string_view golden_keys[] = {" + ", ".join(literal(npy(np.array([3952, -5], t))) for t in ("<i4", "<i8")) + "};")
bad = [npy(np.asfortranarray(VECTORS)), npy(VECTORS.astype(">f4")), npy(VECTORS[None]), npy(VECTORS[:, :0]), tensors(torch.float16, "a", "b"),
       b"word 1 2 3"]
print("constexpr std::string_view golden_bad[] = {" + ", ".join(map(literal, bad)) + "};")
