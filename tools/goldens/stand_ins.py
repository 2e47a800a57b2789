"""Makes tests/stand_ins/movielens: tiny tables and pictures of our own with the file and column names of the real ones.

usage: stand_ins.py FOLDER   (needs NumPy and Pillow; everything is drawn from one seed)
"""
import gzip, io, pathlib, random, sys, tarfile

import numpy as np
from PIL import Image, ImageDraw

rng = random.Random(7)
out = pathlib.Path(sys.argv[1])
(out / "ml-1m").mkdir(parents=True, exist_ok=True)
(out / "weights").mkdir(exist_ok=True)

def write(name, lines):
    with open(out / name, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as f:
        f.write(("\n".join(lines) + "\n").encode())

ITEMS, USERS = 60, 40
moods = {"quiet": "blue", "loud": "red", "odd": "green", "warm": "orange"}
places = ["harbour", "orchard", "railway", "lighthouse", "market", "observatory"]
people = ["a baker", "two sisters", "an old pilot", "the night watchman", "a young botanist"]
genres = ["Comedy", "Drama", "Thriller", "Children's", "Sci-Fi"]
items = []
for k in range(1, ITEMS + 1):
    mood, place, who = rng.choice(list(moods)), rng.choice(places), rng.choice(people)
    plot = "" if k % 13 == 0 else f"At the {place}, {who} finds a {mood} secret and has {rng.randint(2, 9)} days to keep it."
    items.append([k, f"The {mood.title()} {place.title()}", 1930 + k % 70, "|".join(sorted(rng.sample(genres, rng.randint(1, 2)))), plot, mood])
write("ml-1m/items.tsv.gz", ["item\ttitle\tyear\tgenres\timdb_id\ttmdb_id\tdirector\tactors\tcountry\tlanguage\truntime\timdb_rating\timdb_votes\tplot_omdb"]
      + [f"{k}\t{t}\t{y}\t{g}\t\t\t\t\t\t\t\t\t\t{p}" for k, t, y, g, p, _ in items])
write("ml-1m/users.tsv.gz", ["user\tgender\tage\toccupation\tzip"]
      + [f"{u}\t{rng.choice('FM')}\t{rng.choice([1, 18, 25, 35, 45, 50, 56])}\t{rng.randrange(21)}\t00000" for u in range(1, USERS + 1)])
rows = []
for u in range(1, USERS + 1):
    taste = rng.choice(list(moods))
    for pos, item in enumerate(rng.sample(items, 30), 1):
        rating = min(5, max(1, round(3.2 + (1.2 if item[5] == taste else -0.5) + rng.gauss(0, 1))))
        rows.append(f"{u}\t{item[0]}\t{rating}\t{pos}\t{1_000_000 + 1000 * u + pos}")
write("ml-1m/inter.tsv.gz", ["user\titem\trating\tpos\ttimestamp"] + rows)
with open(out / "ml-1m/posters_64x96.tar.gz", "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as z, tarfile.open(fileobj=z, mode="w") as tar:
    for k, *_, mood in items:
        if k % 11 == 0:
            continue                                     # some films have no poster
        im = Image.new("RGB", (64, 96), moods[mood])
        d = ImageDraw.Draw(im)
        d.ellipse([k % 30, 10 + k % 40, 30 + k % 30, 50 + k % 40], fill="white")
        data = io.BytesIO()
        im.save(data, "JPEG", quality=60)
        info = tarfile.TarInfo(f"{k}.jpg")
        info.size = data.tell()
        data.seek(0)
        tar.addfile(info, data)
words = sorted({w for i in items for w in "".join(c if c.isalpha() else " " for c in (i[1] + " " + i[4]).lower()).split()})
vocab = ["[PAD]"] + [f"[unused{k}]" for k in range(3)] + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(".,'0123456789") + [w for w in words if len(w) > 3]
vocab += sorted(set("abcdefghijklmnopqrstuvwxyz")) + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
write("weights/bert_base_uncased_vocab.txt.gz", vocab)
seen = [(k, list(moods).index(mood)) for k, *_, mood in items if k % 11]   # vectors of those that have a poster
np.save(out / "ml-1m/poster_feat_f16.npy", np.array([np.sin(np.arange(8) * (1 + m) + k / 9) for k, m in seen], np.float16))
np.save(out / "ml-1m/poster_feat_ids_i32.npy", np.array([k for k, _ in seen], np.int32))
