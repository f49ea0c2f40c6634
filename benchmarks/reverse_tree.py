"""Sends the users of a real tree's one manager through a second one, and lets `migrate` bring them back.

`reverse_tree.py TREE KIND`, where the tree has an `ssot.toml` that names its manager. KIND is `wrapper` (a module
with an accessor for each object), `shim` (a module that hands the names on) or `copy` (the same module once more;
the strings of tests go with the imports, so that nobody uses the manager itself any more). For a copy, what could not
come back is left out beforehand, and listed: files that do not compile or that use what the manager lacks, which fail
today, files with code in a string that imports it, and imports of the manager in what it imports itself, a circle
that is there today. The tree is copied, never changed, and none of its code runs. Nothing here is shared with the
tool: what moved, and that nothing broke, is found out by Python's own parser and by pyflakes.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pyflakes.checker import Checker
from pyflakes.messages import UndefinedName

NEW = "reversed_redis"
COMMAND = [str(Path(sys.executable).with_name("redis-ssot"))]


def parsed(data: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "file", "exec", dont_inherit=True)
            return ast.parse(data)
        except (SyntaxError, ValueError, RecursionError):
            return None


def undefined(data: bytes) -> Counter[str]:
    tree = parsed(data)
    if tree is None:
        return Counter()
    found = Checker(tree, filename="file").messages
    return Counter(str(m.message_args[0]) for m in found if isinstance(m, UndefinedName))


def module_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def absolute(node: ast.ImportFrom, path: Path, root: Path) -> str:
    if not node.level:
        return node.module or ""
    package = module_of(path, root).split(".")
    package = package if path.name == "__init__.py" else package[:-1]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def imports(tree: ast.AST, path: Path, root: Path, module: str) -> Iterator[ast.ImportFrom]:
    """The from-imports of a module, stars apart."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and absolute(node, path, root) == module
            and not any(alias.name == "*" for alias in node.names)
        ):
            yield node


def bound_at_top(tree: ast.Module) -> dict[str, ast.stmt]:
    found: dict[str, ast.stmt] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.setdefault(node.name, node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                found.setdefault(alias.asname or alias.name.split(".")[0], node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        found.setdefault(part.id, node)
    return found


def within_functions(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ast.walk(node)


class Text:
    """The text of a file, changed from its end on."""

    def __init__(self, data: bytes) -> None:
        self.lines = data.decode().splitlines(keepends=True)
        self.edits: list[tuple[int, int, int, str]] = []

    def exchange(self, node: ast.expr | ast.alias, text: str) -> None:
        """Write `text` in the place of what stands on one line."""
        if node.lineno != node.end_lineno:
            return
        line = self.lines[node.lineno - 1].encode()
        start = len(line[: node.col_offset].decode())
        end = len(line[: node.end_col_offset].decode())
        self.edits.append((node.lineno, start, end, text))

    def replace_statement(self, node: ast.stmt, statements: list[str]) -> None:
        """Write `statements` in the place of one, each on a line, indented alike."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        first = self.lines[node.lineno - 1]
        indent = first[: len(first) - len(first.lstrip())]
        tail = self.lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode()
        head = first.encode()[: node.col_offset].decode()
        self.lines[node.lineno - 1] = head + f"\n{indent}".join(statements) + tail
        for row in range(node.lineno, node.end_lineno):
            self.lines[row] = ""

    def data(self) -> bytes:
        for row, start, end, text in sorted(self.edits, reverse=True):
            line = self.lines[row - 1]
            self.lines[row - 1] = line[:start] + text + line[end:]
        return "".join(self.lines).encode()


class Reversal:
    """A copy of a tree whose users of the manager have what they use by another module."""

    def __init__(self, tree: Path, kind: str, root: Path) -> None:
        self.kind, self.root = kind, root
        shutil.copytree(tree, root, symlinks=True, ignore=shutil.ignore_patterns(".git", ".redis_ssot*"))
        self.settings = tomllib.loads((tree / "ssot.toml").read_text())["tool"]["redis-ssot"]
        manager = self.settings["manager"]
        self.manager = manager if isinstance(manager, str) else manager[0]
        sources = [root / one for one in self.settings.get("src", ["."])]
        parts = Path(*self.manager.split("."))
        found = [s / p for s in sources for p in (parts.with_suffix(".py"), parts / "__init__.py")]
        self.home = next(path for path in found if path.exists())
        self.source = next(s for s in sources if self.home.is_relative_to(s)).resolve()
        self.home = self.home.resolve()
        package = self.manager.rpartition(".")[0]
        self.new = f"{package}.{NEW}" if package else NEW
        self.place = (self.source / Path(*self.new.split("."))).with_suffix(".py")
        self.files = sorted(p.resolve() for p in root.rglob("*.py") if p.is_file() and not p.is_symlink())
        self.texts = {path: path.read_bytes() for path in self.files}
        home = parsed(self.texts[self.home])
        if home is None:
            raise SystemExit(f"{self.home}: this Python cannot parse the manager; take a newer one")
        self.defined = bound_at_top(home)
        self.broken: set[Path] = set()
        self.patched = set(self._patched())
        self.circular = self._run_with_home() if kind == "copy" else set()
        """The files that the manager imports: where they import it at once, a stand-in takes its place."""
        self.lacking: list[str] = []
        """The files that are left out: they use members that the manager's class does not have, and fail today, or
        have code in a string that imports the manager, of which nobody knows where it runs."""
        self.stood_in: list[str] = []
        """Imports that close a circle today, for which a stand-in was written."""
        self.deaf: list[str] = []
        """Imports that are left as they are, since a patch of a test would no longer reach what they look up."""

    def carry_out(self) -> None:
        names: set[str] = set()
        for path in self.files:
            tree = parsed(self.texts[path])
            if (
                tree is None
                and self.kind == "copy"
                and self.manager.rpartition(".")[2].encode() in self.texts[path]
            ):
                self.lacking.append(f"{path.relative_to(self.root)} (it does not compile)")
                path.unlink()
            if tree is None or path in (self.home, self.place):
                continue
            if path in self.circular:
                tree = self._stand_in(path, tree)
            mine = [*imports(tree, path, self.source, self.manager)]
            last = self.manager.rpartition(".")[2].encode()
            naming = rb"\bimport\b.*\b%b\b|%b" % (last, self.manager.encode())
            is_named = bool(mine) or re.search(naming, self.texts[path]) is not None
            missing = self._missing(tree, mine) if self.kind == "copy" and is_named else set()
            if self.kind == "copy" and is_named and self._is_named_in_code(tree):
                missing.add("code in a string")
            if missing:
                self.lacking.append(f"{path.relative_to(self.root)} ({', '.join(sorted(missing))})")
                path.unlink()
                continue
            if (mine and self._is_plain(path, mine)) or (self.kind == "copy" and is_named):
                names |= self._send(path, tree, mine)
        self.files = [path for path in self.files if path.exists()]
        self._write_new(sorted(names & self.defined.keys()))
        self._write_settings()
        self.broken = {
            p for p in self.files if p.read_bytes() != self.texts[p] and parsed(p.read_bytes()) is None
        }

    def _stand_in(self, path: Path, tree: ast.Module) -> ast.Module:
        """Names of nothing in place of what a file has of the manager when it is imported."""
        text = Text(self.texts[path])
        late = set(within_functions(tree))
        for node in imports(tree, path, self.source, self.manager):
            if node not in late:
                names = " = ".join(alias.asname or alias.name for alias in node.names)
                text.replace_statement(node, [f"{names} = None"])
                self.stood_in.append(f"{path.relative_to(self.root)}:{node.lineno}")
        self.texts[path] = text.data()
        path.write_bytes(self.texts[path])
        return parsed(self.texts[path]) or tree

    def _run_with_home(self) -> set[Path]:
        """The files that are imported with the manager."""
        paths = {module_of(p, self.source): p for p in self.files if p.is_relative_to(self.source)}
        found: set[Path] = set()
        todo = [self.home]
        while todo:
            path = todo.pop()
            tree = parsed(self.texts[path])
            late = set(within_functions(tree)) if tree is not None else set()
            for node in ast.walk(tree) if tree is not None else ():
                names: list[str] = []
                if node not in late and isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif node not in late and isinstance(node, ast.ImportFrom):
                    base = absolute(node, path, self.source)
                    names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
                for name in names:
                    parts = name.split(".")
                    for n in range(1, len(parts) + 1):
                        one = paths.get(".".join(parts[:n]))
                        if one is not None and one not in found:
                            found.add(one)
                            todo.append(one)
        return found - {self.home}

    def _members(self, name: str) -> set[str] | None:
        """What objects of a class of the manager's module have; None where that is not all written there."""
        node = self.defined.get(name)
        if not isinstance(node, ast.ClassDef) or node.decorator_list or node.keywords:
            return None
        found = {*dir(object)}
        for base in node.bases:
            more = self._members(base.id) if isinstance(base, ast.Name) else None
            if more is None:
                return None
            found |= more
        for part in ast.walk(node):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(part.name)
            elif isinstance(part, ast.Attribute | ast.Name) and isinstance(part.ctx, ast.Store):
                found.add(part.attr if isinstance(part, ast.Attribute) else part.id)
        return None if {"__getattr__", "__getattribute__"} & (found - {*dir(object)}) else found

    def _class_of(self, value: ast.AST | None, names: dict[str, str], objects: dict[str, str]) -> str | None:
        """The class, in the manager's module, of what an expression is; `names` and `objects` are those of a file."""
        if isinstance(value, ast.BoolOp | ast.IfExp):
            parts = value.values if isinstance(value, ast.BoolOp) else [value.body, value.orelse]
            return next((of for part in parts if (of := self._class_of(part, names, objects))), None)
        if isinstance(value, ast.Name):
            return objects.get(value.id)
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
            called = names.get(value.func.id, "")
            return called if isinstance(self.defined.get(called), ast.ClassDef) else None
        return None

    def _missing(self, tree: ast.Module, mine: list[ast.ImportFrom]) -> set[str]:
        """The members that a file asks of the manager, or of an object that it makes, which its class does not have."""
        own = {name: name for name in self.defined}
        names = {a.asname or a.name: a.name for node in mine for a in node.names}
        classes: dict[str, str] = {}
        for name, home in names.items():
            statement = self.defined.get(home)
            of = home if isinstance(statement, ast.ClassDef) else None
            of = of or self._class_of(getattr(statement, "value", None), own, {})
            if of is not None:
                classes[name] = of
        objects = {n: of for n, of in classes.items() if names[n] != of}
        given: dict[str, set[str | None]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    made = self._class_of(node.value, names, objects)
                    given.setdefault(ast.unparse(target), set()).add(made)
            elif isinstance(node, ast.arg):
                given.setdefault(node.arg, set()).add(None)
        for name, all_made in given.items():
            only = next(iter(all_made))
            classes.pop(name, None)
            if len(all_made) == 1 and only is not None:
                classes[name] = only
        said = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        known = {of: self._members(of) for of in classes.values()}
        return {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and ast.unparse(node.value) == self.manager
            and node.attr not in self.defined
        } | {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and (of := classes.get(ast.unparse(node.value))) is not None
            and (members := known[of]) is not None
            and node.attr not in members | said
        }

    def _is_named_in_code(self, tree: ast.Module) -> bool:
        """Whether a string has code that imports the manager, which may run anywhere."""
        name = re.escape(self.manager)
        imported = re.compile(rf"\bfrom {name} import \w|\bimport {name}\b")
        return any(
            isinstance(node, ast.Constant) and isinstance(node.value, str) and imported.search(node.value)
            for node in ast.walk(tree)
        )

    def _patched(self) -> Iterator[str]:
        """The names of the manager that a string names, as the patches of tests do."""
        for name in self.defined:
            text = f"{self.manager}.{name}".encode()
            if any(quote + text + quote in data for data in self.texts.values() for quote in (b'"', b"'")):
                yield name

    def _is_plain(self, path: Path, mine: list[ast.ImportFrom]) -> bool:
        """Whether the imports stand on a line each as one can write them anew."""
        return (
            all(node.lineno == node.end_lineno or self.kind != "wrapper" for node in mine)
            and path.name != "__init__.py"
        )

    def _objects(self, path: Path, tree: ast.Module, mine: list[ast.ImportFrom]) -> set[str]:
        """The objects that a file uses by one name alone, which nobody has from it, and that nothing sets."""
        found = set()
        strings = {
            n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        }
        for node in mine:
            for alias in node.names:
                name = alias.asname or alias.name
                stores = [
                    part
                    for part in ast.walk(tree)
                    if (isinstance(part, ast.Name) and part.id == name and not isinstance(part.ctx, ast.Load))
                    or (
                        isinstance(part, ast.arg | ast.ExceptHandler)
                        and name in (getattr(part, "arg", None), getattr(part, "name", None))
                    )
                    or (
                        isinstance(part, ast.alias)
                        and part not in node.names
                        and (part.asname or part.name) == name
                    )
                ]
                statement = self.defined.get(alias.name)
                is_object = isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(
                    statement.value, ast.Call
                )
                if is_object and not stores and name not in strings and not self._is_read(path, name):
                    found.add(alias.name)
        return found

    def _is_read(self, path: Path, name: str) -> bool:
        """Whether another file may name this one's `name`."""
        module = module_of(path, self.source)
        last = module.rpartition(".")[2]
        return any(
            f"{module}.{name}".encode() in data
            or (b"import" in data and f"{last}.{name}".encode() in data)
            or (f"{last} import".encode() in data and name.encode() in data)
            for other, data in self.texts.items()
            if other != path
        )

    def _send(self, path: Path, tree: ast.Module, mine: list[ast.ImportFrom]) -> set[str]:
        """Send one file's imports through the new module; the names that it has there."""
        text = Text(self.texts[path])
        objects = self._objects(path, tree, mine) if self.kind == "wrapper" else set()
        found: set[str] = set()
        late = set(within_functions(tree))
        for node in mine:
            is_deaf = self.kind != "copy" and any(a.name in self.patched for a in node.names)
            if node in late and is_deaf:
                self.deaf.append(f"{path.relative_to(self.root)}:{node.lineno}")
                continue
            sent = [a for a in node.names if self.kind != "wrapper" or a.name in objects]
            rest = [a for a in node.names if a not in sent]
            if not sent or any(a.name not in self.defined for a in node.names):
                continue
            found |= {alias.name for alias in sent}
            parts = [f"from {self.new} import {', '.join(self._imported(a) for a in sent)}"]
            if rest:
                parts.append(f"from {self.manager} import {', '.join(ast.unparse(a) for a in rest)}")
            text.replace_statement(node, parts)
        names = {a.asname or a.name: a.name for n in mine for a in n.names if a.name in objects}
        for part in ast.walk(tree):
            if isinstance(part, ast.Name) and part.id in names:
                text.exchange(part, f"get_{names[part.id]}()")
        if self.kind == "copy":
            self._send_dotted(path, tree, text)
        if (data := text.data()) != self.texts[path]:
            path.write_bytes(data)
        return found

    def _send_dotted(self, path: Path, tree: ast.Module, text: Text) -> None:
        """Send what a file names by the whole dotted name: in strings, and by `import a.b`."""
        in_texts = {p for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for p in ast.walk(n)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in in_texts:
                head, found, rest = f"{node.value}.".partition(f"{self.manager}.")
                name = rest.partition(".")[0]
                if found and not head and (not name or name in self.defined):
                    text.exchange(node, repr(self.new + node.value[len(self.manager) :]))
            elif isinstance(node, ast.ImportFrom):
                package, _, last = self.manager.rpartition(".")
                for alias in node.names:
                    if alias.name == last and absolute(node, path, self.source) == package:
                        text.exchange(alias, f"{NEW} as {alias.asname or last}")
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name == self.manager:
                        text.exchange(alias, ast.unparse(ast.alias(self.new, alias.asname)))
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == self.manager:
                text.exchange(node, self.new)

    def _imported(self, alias: ast.alias) -> str:
        return f"get_{alias.name}" if self.kind == "wrapper" else ast.unparse(alias)

    def _write_new(self, names: list[str]) -> None:
        if self.kind == "copy":
            own = re.compile(rb"\b%b\b" % re.escape(self.manager.encode()))
            self.place.write_bytes(own.sub(self.new.encode(), self.texts[self.home]))
            return
        lines = [f"from {self.manager} import {name}\n" for name in names]
        if self.kind == "wrapper":
            lines += [f"\n\ndef get_{name}():\n    return {name}\n" for name in names]
        self.place.write_text("".join(lines))

    def _write_settings(self) -> None:
        lines = (self.root / "ssot.toml").read_text().splitlines()
        start = lines.index("[tool.redis-ssot]")
        kept = [line for line in lines if not line.startswith("forbidden-managers")]
        kept.insert(start + 1, f'forbidden-managers = ["{self.new}"]')
        if self.kind == "copy":
            kept.append("[tool.redis-ssot.replacements]")
            kept.append(f'"{self.new}" = "{self.manager}"')
        (self.root / "ssot.toml").write_text("\n".join(kept) + "\n")

    # what came of it

    def left(self) -> int:
        """The names that are still imported from the new module."""
        count = 0
        for path in self.files:
            tree = parsed(path.read_bytes())
            for node in imports(tree, path, self.source, self.new) if tree is not None else ():
                count += len(node.names)
        return count

    def unresolved(self, before: dict[Path, bytes]) -> list[str]:
        """The imports of changed files that lead nowhere."""
        found = []
        for path in self.files:
            data = path.read_bytes()
            tree = parsed(data) if data != before[path] else None
            for node in imports(tree, path, self.source, self.manager) if tree is not None else ():
                found += [f"{path}:{node.lineno} {a.name}" for a in node.names if a.name not in self.defined]
        return found

    def contents(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in [*self.files, self.place]}


def migrate(root: Path, *options: str) -> str:
    command = [*COMMAND, "migrate", "--config", "ssot.toml", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode == 2 or "Traceback" in done.stderr:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def tried(tree: Path, kind: str, folder: Path) -> bool:
    reversal = Reversal(tree, kind, folder / f"{tree.name}-{kind}")
    reversal.carry_out()
    before = reversal.contents()
    sent = reversal.left()
    print(
        f"{tree.name} {kind}: {sent} imports sent through {reversal.new}; {len(reversal.broken)} broken before;"
        f" {len(reversal.deaf)} not sent, which a patch of a test would no longer reach: {' '.join(reversal.deaf)};"
        f" {len(reversal.stood_in)} imports of a circle that is there today, which have a stand-in: {' '.join(reversal.stood_in)};"
        f" {len(reversal.lacking)} files left out that use what the manager lacks, or import it in a string: {' '.join(reversal.lacking)}"
    )
    good = True
    for option in ([], ["--include-unsafe"]):
        said = migrate(reversal.root, *option)
        after = reversal.contents()
        changed = [path for path in before if before[path] != after[path]]
        newly = [p for p in changed if parsed(before[p]) is not None and parsed(after[p]) is None]
        names = [p for p in changed if undefined(after[p]) - undefined(before[p])]
        moved = sent - reversal.left()
        again = "nothing" if "Migrated nothing" in migrate(reversal.root, *option) else "MORE"
        share = 100 * moved / sent if sent else 100
        print(
            f"  {'unsafe' if option else 'safe'}: {moved} moved, {share:.0f} %; {len(newly)} no longer compile, {len(names)}"
            f" with undefined names, {len(reversal.unresolved(before))} unresolved imports, the second run changes {again}"
        )
        (reversal.root.parent / f"{reversal.root.name}{''.join(option)}.txt").write_text(said)
        good = good and not (newly or names or reversal.unresolved(before) or again != "nothing")
        if changed:
            subprocess.run(
                [*COMMAND, "rollback", "--config", "ssot.toml"],
                cwd=reversal.root,
                check=True,
                capture_output=True,
            )
        exact = all(
            hashlib.sha256(p.read_bytes()).digest() == hashlib.sha256(d).digest() for p, d in before.items()
        )
        print(f"  rolled back: {'exact' if exact else 'DIFFERENT'}")
        good = good and exact
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("kinds", nargs="*", metavar="KIND", default=["wrapper", "shim", "copy"])
    parser.add_argument("--folder", type=Path, help="where the copies are kept (default: a temporary one)")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="reverse-tree-"))
    os.makedirs(folder, exist_ok=True)
    return int(not all([tried(options.tree.resolve(), kind, folder.resolve()) for kind in options.kinds]))


if __name__ == "__main__":
    sys.exit(main())
