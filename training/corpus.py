"""Collects the training text: permissively licensed packages, cleaned, deduplicated, held-out packages kept apart.

    corpus.py fetch [evaluation]    the packages named in corpus.json, by version, into work/sources
    corpus.py build [evaluation]    work/{train,validation,heldout}.jsonl, one {"package", "language", "name", "text"} a line

`evaluation` leaves out what is only trained on: minutes become seconds, and the two files are the same.

Packages come from npm (`npm`), from Debian's binary packages (`debian`) and from Debian's source packages
(`debianSource`, needs dpkg-dev). Texts are never committed; corpus.json (names, versions, licences) is. The same
sources always give the same files.
"""

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
WORK = HERE / "work"
SOURCES = WORK / "sources"
MANIFEST = json.loads((HERE / "corpus.json").read_text())
HELD_OUT = set(MANIFEST["heldOut"])
VALIDATION = set(MANIFEST["validation"])
EVALUATION_ONLY = sys.argv[2:] == ["evaluation"]
if EVALUATION_ONLY:
    for kind in ("npm", "debian", "debianSource"):
        MANIFEST[kind] = [package for package in MANIFEST[kind] if package["name"] in HELD_OUT | VALIDATION]

# Language ids are those of VS Code, which takes every header for C++.
LANGUAGES = {
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript", ".tsx": "typescriptreact",
    ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript", ".jsx": "javascriptreact",
    ".py": "python", ".go": "go", ".c": "c", ".h": "cpp", ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hpp": "cpp",
    ".html": "html", ".htm": "html", ".css": "css", ".scss": "scss", ".json": "json",
    ".sh": "shellscript", ".bash": "shellscript", ".zsh": "shellscript", ".bats": "shellscript", ".md": "markdown",
}
# One huge package would teach its own house style, and the smaller languages are only seasoning; bytes per package.
PACKAGE_CAP = {
    "typescript": 4_500_000, "typescriptreact": 3_000_000, "javascript": 3_500_000, "javascriptreact": 3_000_000,
    "python": 3_500_000, "go": 500_000, "c": 250_000, "cpp": 150_000, "html": 200_000, "css": 200_000,
    "scss": 350_000, "json": 30_000, "shellscript": 300_000, "markdown": 30_000,
}
# Longest line, mean line, least share of letters, digits and blanks.
CODE_SHAPE = (600, 70, 0.6)
SHAPE = {"html": (600, 90, 0.5), "json": (400, 70, 0.4), "markdown": (2500, 300, 0.6), "css": (400, 70, 0.5)}
SHAPE |= {"scss": (400, 70, 0.5), "shellscript": (400, 70, 0.5)}

SKIPPED_FOLDERS = re.compile(
    r"/(node_modules|dist|dist-(?!packages)[\w-]+|cjs|_cjs|umd|amd|iife|esm5|fesm\d*|bundles?|bundled|min|locales?|fixtures?"
    r"|testdata|third[-_]party|3rd-?party|vendor(ed)?|_vendor|migrations|build|i18n|lang|conf/locale|lib\.commonjs"
    r"|tests?/data|deps|external|extern|contrib|debian|generated|__generated__|__snapshots__|Lib/test|baselines"
    r"|tests/cases|mocks?data)/",
    re.I,
)
# Where packages put compiled JavaScript when the source lies in src/.
COMPILED_FOLDERS = re.compile(r"^/(lib|libs|es|es6|es2015|esm|_esm|module|modern|legacy|commonjs|out|node)/")
GENERATED = re.compile(
    r"@generated|DO NOT (EDIT|MODIFY)|auto-?generated|automatically (generated|created)|generated (by|from|using|with)"
    r"|GENERATED (CODE|FILE)|is a generated file|completion (V2 )?for \S+ +-\*-|webpackBootstrap|browserify",
    re.I,
)
# What compilers and bundlers leave in JavaScript, and nobody writes.
TRANSPILED = re.compile(
    r"__esModule|sourceMappingURL=|_interopRequire|__(decorate|awaiter|extends|importStar|toESM|export|webpack_require)"
    r"\b|\btslib|_jsxs?\(|_classCallCheck|regeneratorRuntime|_createClass\(|_defineProperty\(|\b_extends\(|\(_ref\d*\b"
    r"|\b_ref\d* =>|\b_this\d* = |\b_excluded\b|_templateObject|#__PURE__ \*/\s*(React|_)|^// (src|node_modules)/"
    r"|\$[0-9a-f]{16}\b",
    re.M,
)
FLOW = re.compile(r"^\s*(//|\*|/\*+) *@(no)?flow\b", re.M)
BLOB = re.compile(r"-----BEGIN [A-Z ]+-----|[A-Za-z0-9+/]{160}")
OBJECTIVE_C = re.compile(r"^(@interface|@protocol|@class|#import)\b", re.M)
JSDOC_TYPES = re.compile(r"@(param|returns?|type|typedef|this) *\{")
COPYLEFT = re.compile(
    r"GNU (Lesser |Library |Affero )?General Public|\b[AL]?GPL|\bMPL|Mozilla Public|Eclipse Public|\bCDDL|CC[- ]BY"
    r"|Creative Commons Attribution|Server Side Public|all rights reserved\. *(unauthori[sz]ed|confidential)"
    r"|SEE LICENSE IN|Commercial License",
    re.I,
)
# JSON that people write; everything else is data.
JSON_NAMES = re.compile(
    r"^(package|composer|manifest|tsconfig.*|jsconfig.*|.*[.-]?config(uration)?|\.\w+rc|.*schema|settings|launch|tasks"
    r"|project|turbo|nx|lerna|rush|vercel|app|renovate|plugin|typedoc|deno|component|options|defaults?)\.json$"
)
MARKDOWN_NAMES = re.compile(r"^(?!.*(changelog|changes|history|licen[cs]e|third|releases?|migrat|authors|notice))", re.I)
HELD_OUT_FOLDERS = re.compile(
    r"/("
    + "|".join(re.escape(re.sub(r"^(python3-|golang-github-[a-z0-9]+-|@[\w-]+/)", "", name)) for name in MANIFEST["heldOut"])
    + r")(/|\.\w+$)",
    re.I,
)


def fetch():
    fetch_npm(SOURCES / "npm")
    # Debian's packages by lists of our own, so that the machine's need not name the sources.
    apt = SOURCES / "apt"
    (apt / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    suites = ["debian bookworm", "debian bookworm-updates", "debian-security bookworm-security"]
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org"
    lines = [f"{kind} {signed}/{suite} main" for suite in suites for kind in ("deb", "deb-src")]
    (apt / "sources.list").write_text("\n".join(lines) + "\n")
    options = [f"Dir::Etc::sourcelist={apt}/sources.list", "Dir::Etc::sourceparts=/dev/null"]
    options += [f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}"]
    options = [part for option in options for part in ("-o", option)]
    subprocess.run(["apt-get", *options, "update", "-qq"], check=True)
    dpkg_source = ["dpkg-source", "--no-check", "--no-copy", "--skip-patches", "-q", "-x"]
    for package in MANIFEST["debian"] + MANIFEST["debianSource"]:
        if source_folder(package).exists():
            continue
        binary = package in MANIFEST["debian"]
        get = ["download", "-qq"] if binary else ["source", "-qq", "--download-only"]
        subprocess.run(["apt-get", *options, *get, f"{package['name']}={package['version']}"], cwd=apt, check=True)
        archive = next(apt.glob(f"{package['name']}_*.{'deb' if binary else 'dsc'}"))
        unpack(package, lambda folder: ["dpkg", "-x", archive, folder] if binary else [*dpkg_source, archive, folder])


def fetch_npm(folder):
    folder.mkdir(parents=True, exist_ok=True)
    missing = [package for package in MANIFEST["npm"] if not source_folder(package).exists()]
    for start in range(0, len(missing), 20):
        specs = [f"{package['name']}@{package['version']}" for package in missing[start:start + 20]]
        subprocess.run(["npm", "pack", "--silent", "--ignore-scripts", *specs], cwd=folder, check=True)
    for package in missing:
        archive = folder / f"{package['name'].lstrip('@').replace('/', '-')}-{package['version']}.tgz"
        # Every archive has one folder, of any name.
        unpack(package, lambda folder: ["tar", "-xzf", archive, "--strip-components=1", "--no-same-owner",
                                        f"--one-top-level={folder}"])


def unpack(package, command):
    """Under another name first, so that an interrupted run leaves nothing half unpacked in place."""
    partial, target = SOURCES / "partial", source_folder(package)
    shutil.rmtree(partial, ignore_errors=True)
    subprocess.run(command(partial), check=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(target)


def source_folder(package):
    kind = next(kind for kind in ("npm", "debian", "debianSource") if package in MANIFEST[kind])
    return SOURCES / kind / package["name"]


def listed_files(root):
    """(path below root, language), in a fixed order."""
    found = []
    for folder, children, names in os.walk(root):
        children[:] = sorted(c for c in children if c not in ("node_modules", ".git"))
        below = folder[len(str(root)):]
        for name in sorted(names):
            path = f"{below}/{name}"
            if os.path.islink(f"{root}{path}"):
                continue
            language = LANGUAGES.get(os.path.splitext(name)[1].lower())
            if language is None and "." not in name and is_shell_script(f"{root}{path}"):
                language = "shellscript"
            if language:
                found.append((path, language))
    return found


def is_shell_script(path):
    try:
        with open(path, "rb") as file:
            return re.match(rb"#! ?/(usr/)?bin/(env )?(ba|da|z)?sh\b", file.read(40)) is not None
    except OSError:
        return False


def sources(package, root, kind):
    """(path, language) of the files that are sources by where they lie, and the paths that have a declaration file."""
    files, outputs, declarations = [], [], set()
    for path, language in listed_files(root):
        name = os.path.basename(path)
        if re.search(r"\.d\.[cm]?ts$", name):
            declarations.add(re.sub(r"\.d\.([cm]?)ts$", r".\1js", path))
            if not package.startswith("@types/"):
                continue
        if ".min." in name or package not in HELD_OUT and HELD_OUT_FOLDERS.search(path):
            continue
        if SKIPPED_FOLDERS.search(path):
            if language == "javascript":
                outputs.append((path, language))
            continue
        if language == "json" and not JSON_NAMES.match(name) or language == "markdown" and not MARKDOWN_NAMES.match(name):
            continue
        # Debian's binary packages carry the scripts and styles of other projects.
        if kind == "debian" and language in ("javascript", "css", "scss", "json"):
            continue
        files.append((path, language))

    size = Counter()
    for path, language in files:
        size[language] += os.path.getsize(f"{root}{path}")
    typescript = size["typescript"] + size["typescriptreact"]
    if kind == "npm" and not package.startswith("@types/") and typescript * 10 > size["javascript"]:
        files = [(p, l) for p, l in files if l != "javascript"]
    if kind == "npm" and any(l == "javascript" and p.startswith("/src/") for p, l in files):
        files = [(p, l) for p, l in files if l != "javascript" or not COMPILED_FOLDERS.match(p)]
    # Some of the packages that models are evaluated on have nothing else.
    if package in HELD_OUT | VALIDATION and not {"typescript", "javascript"} & {language for _, language in files}:
        files += outputs
    return files, declarations


def clean(text, language):
    """The text without licence header and trailing blanks; None when it is not code somebody wrote by hand."""
    if not 300 <= len(text) <= (20_000 if language == "json" else 200_000):
        return None
    if language != "markdown" and GENERATED.search(text[:2000]) or COPYLEFT.search(text[:3000]):
        return None
    text = text.replace("\r\n", "\n").lstrip("\ufeff")
    lines = text.split("\n")
    longest, mean, plain = SHAPE.get(language, CODE_SHAPE)
    if max(map(len, lines)) > longest or len(text) / len(lines) > mean:
        return None
    if sum(c.isalnum() or c.isspace() for c in text) / len(text) < plain:
        return None
    if sum(c.isdigit() for c in text) / len(text) > 0.12 or sum(ord(c) > 127 for c in text) / len(text) > 0.02:
        return None
    text = without_licence(text)
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n") + "\n"
    return text if len(text) >= 200 else None


def unwanted(text, language, declared):
    """Whether a file isn't what its name says: keys and blobs, Flow, Objective-C, or JavaScript out of a compiler."""
    if BLOB.search(text) or language == "cpp" and OBJECTIVE_C.search(text):
        return True
    if language != "javascript":
        return False
    # A compiler writes x.js and x.d.ts together; so do people, but they type their comments.
    return bool(TRANSPILED.search(text) or FLOW.search(text[:3000]) or declared and not JSDOC_TYPES.search(text))


LEADING_COMMENT = re.compile(r"\s*(/\*.*?\*/|<!--.*?-->|((//|#(?!!|include|define|if)|;)[^\n]*\n)+)\s*", re.S)


def without_licence(text):
    shebang = re.match(r"#![^\n]*\n", text)
    start = shebang.end() if shebang else 0
    while (comment := LEADING_COMMENT.match(text, start)) and re.search("licen[cs]e|copyright", comment.group(1), re.I):
        text = text[:start] + text[comment.end():]
    return text


def packages():
    """(package, kind), held-out ones first: deduplication favours them."""
    listed = [(package, kind) for kind in ("npm", "debian", "debianSource") for package in MANIFEST[kind]]
    order = lambda entry: (entry[0]["name"] not in HELD_OUT, entry[0]["name"] not in VALIDATION, entry[0]["name"])
    return sorted(listed, key=order)


def line_hash(line):
    return int.from_bytes(hashlib.blake2b(line.encode(), digest_size=8).digest(), "little")


def build():
    evaluation, trained = set(), set()
    splits = ("validation", "heldout") if EVALUATION_ONLY else ("train", "validation", "heldout")
    outputs = {split: open(WORK / f"{split}.jsonl", "w") for split in splits}
    sizes, counts, dropped, copies, yields = Counter(), Counter(), Counter(), Counter(), Counter()
    for package, kind in packages():
        name, root = package["name"], source_folder(package)
        if package["licence"] not in MANIFEST["licences"]:
            sys.exit(f"{name}: {package['licence']} is not among the licences of corpus.json")
        split = "heldout" if name in HELD_OUT else "validation" if name in VALIDATION else "train"
        files, declarations = sources(name, root, kind)
        random.Random(name).shuffle(files)
        taken = Counter()
        for path, language in files:
            if split == "train" and taken[language] > PACKAGE_CAP[language]:
                continue
            raw = Path(f"{root}{path}").read_text(errors="replace")
            text = clean(raw, language)
            if text and split == "train" and unwanted(raw, language, path in declarations):
                text = None
            if text is None:
                dropped[language] += 1
                continue
            # A file most of whose longer lines were seen elsewhere is a copy; with the evaluation's files less is enough.
            hashes = [line_hash(line.strip()) for line in text.split("\n") if len(line.strip()) > 24]
            known = sum(h in evaluation or h in trained for h in hashes)
            evaluated = sum(h in evaluation for h in hashes) if split == "train" else 0
            if not hashes or known > 0.4 * len(hashes) or evaluated > max(2, 0.2 * len(hashes)):
                copies[language] += 1
                continue
            (trained if split == "train" else evaluation).update(hashes)
            taken[language] += len(text)
            sizes[split, language] += len(text)
            counts[split, language] += 1
            yields[package["licence"], name] += len(text)
            record = {"package": name, "language": language, "name": os.path.basename(path), "text": text}
            outputs[split].write(json.dumps(record) + "\n")
    for (split, language), size in sorted(sizes.items()):
        print(f"{split:10} {language:16} {size / 1e6:7.2f} MB {counts[split, language]:7} files")
    for licence in MANIFEST["licences"]:
        amounts = [size for (l, _), size in yields.items() if l == licence]
        print(f"{licence:14} {len(amounts):5} packages {sum(amounts) / 1e6:7.2f} MB")
    for language in sorted(dropped.keys() | copies.keys()):
        print(f"dropped {language:16} {dropped[language]:7} as not hand-written {copies[language]:7} as copies")


if __name__ == "__main__":
    {"fetch": fetch, "build": build}[sys.argv[1]]()
