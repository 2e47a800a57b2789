"""Makes tests/stand_ins/matching: tiny files of our own with the names and columns of those that matching recipes read.

usage: matching_stand_ins.py FOLDER   (needs NumPy; everything is drawn from one seed)
"""
import gzip, json, pathlib, random, struct, sys

import numpy as np

rng = random.Random(11)
out = pathlib.Path(sys.argv[1])


def write(name, lines):
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    with open(out / name, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as f:
        f.write(("\n".join(lines) + "\n").encode())


def safetensors(name, tensors):
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    header, data = {}, b""
    for key, value in tensors.items():
        bytes_ = np.ascontiguousarray(value, np.float32).tobytes()
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    (out / name).write_bytes(struct.pack("<Q", len(text)) + text + data)


# Sequences that go round: after item k mostly comes k + 1.
ITEMS, USERS, NEGATIVES = 50, 60, 20
sequences, drawn = [], []
for user in range(1, USERS + 1):
    at, events = rng.randrange(ITEMS), []
    for _ in range(rng.randint(3, 25)):
        at = (at + 1 if rng.random() < 0.9 else rng.randrange(ITEMS)) % ITEMS
        events.append(at + 1)
    sequences.append(f"{user} " + " ".join(map(str, events)))
    drawn.append(f"{user} " + " ".join(map(str, rng.sample([k for k in range(1, ITEMS + 1) if k not in events], NEGATIVES))))
for name in ("LastFM", "Beauty"):
    write(f"s3rec/{name}.txt.gz", sequences)
write("s3rec/LastFM_sample.txt.gz", drawn)

# Ratings: users like films of their own third.
rows = [(u, i, 5 if u % 3 == i % 3 else rng.randint(1, 5), 1000 * u + k) for u in range(1, 41) for k, i in enumerate(rng.sample(range(1, 61), 30))]
write("ml-1m/inter.tsv.gz", ["user\titem\trating\tpos\ttimestamp"] + [f"{u}\t{i}\t{r}\t{t % 1000}\t{t}" for u, i, r, t in rows])
write("ml-100k/ml-100k.inter.gz", ["user_id:token\titem_id:token\trating:float\ttimestamp:float"] + [f"{u}\t{i}\t{r}\t{t}" for u, i, r, t in rows])

# Published weights, and a test file with one film and 99 listed ones for each user.
films = rng.sample(range(1000, 5000), 150)
write("ml-1m/ncf_item_index.tsv.gz", ["ncf_index\tmovie_id"] + [f"{k}\t{m}" for k, m in enumerate(films)])
tests = []
for user in range(1, 41):
    some = rng.sample(films, 100)
    tests.append(f"{user}\t{some[0]}\t5\t{user}\t" + " ".join(map(str, some[1:])))
write("ml-1m/ncf_test.tsv.gz", ["user\ttest_item\trating\ttimestamp\tnegatives_99"] + tests)
draw = np.random.default_rng(3).standard_normal
safetensors("ncf/ncf_gmf8.safetensors", {"user_embedding": draw((40, 8)), "item_embedding": draw((150, 8)), "prediction.weight": draw((8, 1)),
                                         "prediction.bias": draw(1)})
layers = {"user_embedding": draw((40, 32)), "item_embedding": draw((150, 32)), "prediction.weight": draw((8, 1)), "prediction.bias": draw(1)}
for k, (wide, narrow) in enumerate([(64, 32), (32, 16), (16, 8)], 1):
    layers |= {f"layer{k}.weight": draw((wide, narrow)) / wide ** 0.5, f"layer{k}.bias": draw(narrow)}
safetensors("ncf/ncf_mlp_64_32_16_8.safetensors", layers)
