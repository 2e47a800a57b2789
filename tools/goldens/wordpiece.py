#!/usr/bin/env python3
"""Writes plugins/fields/wordpiece/wordpiece_golden.h: what the `tokenizers` library (0.23) makes of tricky texts.

usage: wordpiece.py BERT_VOCAB(.gz) ML1M_ITEMS_TSV(.gz) > plugins/fields/wordpiece/wordpiece_golden.h
"""
import gzip, sys
from tokenizers import BertWordPieceTokenizer

TRICKY = [
    "", " ", "Toy Story", "HELLO, World!", "unaffable", "don't stop-me_now", "Café Amélie", "Cafe\u0301 Ame\u0301lie",
    "Straße ẞ", "İstanbul ISPARTA ıI", "naïve Å\u030aA\u030a Ǻ", "北京大学 movie", "日本語カタカナ ガギグ か\u3099", "한국어 영화",
    "\uf900\u2f800", "😀👍🏽👨\u200d👩\u200d👧 film ❤\ufe0f", "a\u0000b\u0001c\u007fd\u0085e\u000bf", "tab\tnew\nline\r\ncr\rx",
    "nbsp\u00a0en\u2002em\u2003thin\u2009zwsp\u200bideo\u3000end", "soft\u00adhyphen \ufeffbom \ufffdbad", "private\ue000use",
    "ภาษาไทย กำลัง", "עִבְרִית שָׁלוֹם", "العَرَبِيَّة", "हिन्दी नमस्ते", "Ελληνικά ΌΣΟΣ ΣΊΣΥΦΟΣ", "Русский ЙЁ й ё", "Việt Nam phở",
    "a" * 100, "a" * 101, "é" * 100, "é" * 101, "b" * 99 + "!" + "c" * 101, "½ ² ﬁ ﬀ Ⅷ ① ™ ª", "\u037e\u1fef\u0387", "¿Qué? ¡Olé! «x» “y” ‘z’ … — –",
    "$5 + 3 = 8 < 9 > 7 ^ ` | ~ @ # % & *", "[CLS] in [MASK]ed [SEP][PAD] [UNK] [mask] [ SEP] [SEP", "##ing ing ##", "x\u0301\u0327\u0323y",
    "\U0001d15e\U0001d165\U0001d16d o\u302e\u0301\u302fp", "\U0001d400\U0001f600\U00020000\U0002a6df", "Ǆ ǅ ǆ Ω K Å", "ﷺ ﷽", "\u2028line\u2029para", "zxqj zxqjv", "The. The . the",
    "I\u0307 i\u0307 J\u030c", "\u1e9e\u0130\u0131\u017f", "\ud7a3\uac00\u1112\u1161\u11ab",
]


def c_text(s):
    out, hexed = "", False
    for b in s.encode("utf-8"):
        c = chr(b)
        if 32 <= b < 127 and c not in '"\\?' and not (hexed and c in "0123456789abcdefABCDEF"):
            out, hexed = out + c, False
        else:
            out, hexed = out + "\\%03o" % b, False
    return '{"%s", %d}' % (out, len(s.encode("utf-8")))


def tokenizer(vocab, lower=True, length=None):
    t = BertWordPieceTokenizer(vocab, lowercase=lower)
    if length:
        t.enable_truncation(max_length=length)
    return t


def small_vocabulary(words):
    """A vocabulary that splits the tricky texts into many known pieces: frequent whole words, all characters both ways."""
    letters = sorted({c for w in words for c in w})
    out = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + [c for c in letters if c not in "zq"] + ["##" + c for c in letters if c not in "qj語한"]
    out += ["toy", "story", "##ory", "st", "un", "##aff", "##able", "##ab", "cafe", "ame", "##lie", "istanbul", "film", "##ilm", "ing", "##ing",
            "rus", "the", "th", "##е", "##ский", "русскии", "aa", "##aa", "##aaaa", "ee", "##ee", "##\u094d\u0926"]
    return list(dict.fromkeys(out))


def digest(ids_of_rows):
    """FNV-1a over 32-bit little-endian words: each row's ids, then 0xffffffff."""
    h = 0xcbf29ce484222325
    for ids in ids_of_rows:
        for word in list(ids) + [0xffffffff]:
            for b in int(word).to_bytes(4, "little"):
                h = ((h ^ b) * 0x100000001b3) & (2**64 - 1)
    return h


def main():
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as f:
        bert = {w.rstrip("\n"): k for k, w in enumerate(f)}
    with gzip.open(sys.argv[2], "rt", encoding="utf-8", newline="") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    head, rows = rows[0], rows[1:]
    titles, plots = ([r[head.index(c)] for r in rows] for c in ("title", "plot_omdb"))

    pieces = [w for s in TRICKY for low in (True, False)
              for n in [BertWordPieceTokenizer(bert, lowercase=low)._tokenizer] for w, _ in n.pre_tokenizer.pre_tokenize_str(n.normalizer.normalize_str(s))]
    small = small_vocabulary(pieces)
    index = {w: k for k, w in enumerate(small)}
    print("// Made by tools/goldens/wordpiece.py with the `tokenizers` library; see there.")
    print("#pragma once\n#include <cstdint>\n#include <string_view>\n#include <vector>\n")
    print("namespace golden {\n\ninline constexpr std::string_view vocabulary[] = {")
    for k in range(0, len(small), 8):
        print("    " + ", ".join(c_text(w) for w in small[k:k + 8]) + ",")
    print("};\n\n// Cut to 48 tokens. `lower`: the uncased rules.\nstruct Case { bool lower; std::string_view text; std::vector<std::int64_t> ids; };\ninline const Case cases[] = {")
    for lower in (True, False):
        t = tokenizer(index, lower, 48)
        for s in TRICKY:
            print("    {%s, %s, {%s}}," % ("true" if lower else "false", c_text(s), ", ".join(map(str, t.encode(s).ids))))
    print("};\n")
    full, cut = tokenizer(bert), tokenizer(bert, True, 64)
    cased = tokenizer(bert, False)
    joined = [" . ".join(x for x in pair if x) for pair in zip(titles, plots)]
    print("// MovieLens-1M with BERT's uncased vocabulary: digests over the ids of all rows, as `digest` of the script.")
    for name, t, texts in (("titles", full, titles), ("plots", full, plots), ("joined_64", cut, joined), ("plots_with_case", cased, plots)):
        print("inline constexpr std::uint64_t %s = 0x%016xu;" % (name, digest(e.ids for e in t.encode_batch(texts))))
    print("inline constexpr int rows = %d;\n\n}  // namespace golden" % len(rows))


main()
