"""Where a project puts something else in the place of an object, or of a part of one: patches of tests, and tracing."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain

from flake8_redis_ssot.facts.modules import is_under
from flake8_redis_ssot.facts.texts import has_word
from flake8_redis_ssot.fix.compatibility.patch_targets import LOADED, LOGGER, MODULE, OBJECT, PUT
from flake8_redis_ssot.fix.edits.propose import Rewriter
from flake8_redis_ssot.fix.execution.import_graph import packages_of, with_parents
from flake8_redis_ssot.fix.sources.loaded import begins, texts_of, texts_on_modules
from flake8_redis_ssot.fix.sources.reads import dictionary_owner, names_given
from flake8_redis_ssot.fix.sources.stated import is_none
from flake8_redis_ssot.fix.sources.unchecked import line_of
from flake8_redis_ssot.fix.sources.view import View
from flake8_redis_ssot.fix.together.patch import Patch
from flake8_redis_ssot.lazy_dataclass import replace
from flake8_redis_ssot.libraries.frameworks import (
    FIXTURES,
    LOADER_NAMES,
    LOADING,
    NAME_TAKERS,
    OBJECT_PATCHERS,
    PATCHERS,
    PATCHING,
)
from flake8_redis_ssot.source import SourceError
from flake8_redis_ssot.syntax.arguments import arguments_of
from flake8_redis_ssot.syntax.nodes import (
    Function,
    all_nodes,
    decorators_of,
    last_name,
    nearest,
    own_nodes,
    unparsed,
)

_SETTING = sorted(name.encode() for name in OBJECT_PATCHERS)
_MODULES = re.compile(rb"\bsys\.modules\b")
_IMPORTING = re.compile(rb"[\"'.]__import__[\"']|\bbuiltins\.__import__\s*=(?!=)|\bmeta_path\b")
"""Where a test puts something in the place of what imports modules."""
_LOG_WORDS = (b"caplog", b"assertLogs", b"assertNoLogs", b"getLogger", b"LogCapture", b"capture_logs")
_LOG_TESTS = re.compile(rb"\b(?:%b)\b" % b"|".join(_LOG_WORDS))
_NAMED = re.compile(r"[\"']([A-Za-z_]\w*(?:\.\w+)+)[\"']|^ *-? *([A-Za-z_]\w*(?:\.\w+)+) *$", re.MULTILINE)
_QUOTED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+\Z")


class PatchFinder:
    """Looks for patches in the files of a project."""

    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.index = rewriter.index
        self._fixtures: dict[str, dict[str, str]] = {}

    def of(self, keys: Collection[str]) -> Iterator[Patch]:
        """Where files name what is in `keys`, or something in it, so that it may be patched."""
        whole = _of_kind(MODULE, keys)
        for patch in self._named(set(keys) | whole):
            yield replace(patch, text=f"{MODULE}{patch.text}") if patch.text in whole else patch
            owner, _, last = patch.text.rpartition(".")
            led = self.index.modules.lookup(owner) if owner and " " not in owner else None
            if led is not None and led.qualified_name != owner:
                yield replace(patch, text=f"{led.qualified_name}.{last}", string=None, written=patch.text)

    def _named(self, keys: Collection[str]) -> Iterator[Patch]:
        by_module: dict[str, set[str]] = {}
        for key in sorted(keys):  # the first that is found is named
            module, _, last = key.rpartition(".")
            if module and " " not in key and "[" not in key:
                by_module.setdefault(module, set()).add(last)
        modules_of = {m for m in map(self.index.modules.around, by_module) if m}
        naming = {path for module in modules_of for path in self.rewriter.reads.quoted.get(module, ())}
        speaking = self._speaking_of(by_module)
        for path in self.index.facts if speaking else ():
            if path not in speaking or not (speaking[path] or self._given_around(path)):
                continue
            try:
                data = self.index.modules.filesystem.source(path).data
            except SourceError:
                continue
            if not (self.index.settings.is_test(path) or any(w in data for w in PATCHING) or path in naming):
                continue
            given = {name for fixture, name in self._given_around(path).items() if fixture.encode() in data}
            modules = {m for m in speaking[path] if has_word(data, m.rpartition(".")[2].encode())}
            modules |= given & by_module.keys()
            if not modules:
                continue
            view = self.rewriter.view(path, keep=False)
            if view is not None:
                yield from self._in_file(
                    view, {m: by_module[m] for m in sorted(modules, key=lambda m: (len(m), m))}, keys
                )
        yield from self._of_unchecked(by_module, keys)
        yield from self._of_loaded(keys)
        yield from self._of_loggers(_of_kind(LOGGER, keys))
        yield from self._touched(_of_kind(OBJECT, keys))

    def _speaking_of(self, by_module: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """The files that import modules or objects of `by_module`, name them in strings, or have them by fixtures around."""
        reads = self.rewriter.reads
        found: dict[str, set[str]] = {}
        for module, lasts in by_module.items():
            pieces = (path for last in lasts for path in reads.pieces.get(last, ()))
            for path in chain(self.index.having(module), pieces):
                found.setdefault(path, set()).add(module)
        lasts = {last for names in by_module.values() for last in names}
        for text, paths in reads.quoted.items():
            modules = by_module.keys() & {*heads(text.replace(":", "."))}
            owner, _, last = text.rpartition(".")
            if last in lasts and (led := self.index.modules.lookup(owner)) is not None:
                # as one of the modules that import it has it
                modules |= by_module.keys() & {led.qualified_name}
            for module in modules:
                for path in paths:
                    found.setdefault(path, set()).add(module)
        for module in by_module:
            *above, top = heads(module)
            word = top.encode()
            alone = reads.matching(re.compile(rb"%b(?<=[\"']%b)[\"']" % (word, word)), [word])
            named = (path for name in above for path in reads.quoted.get(name, ()))
            for path in chain(named, (path for path, _ in alone)):
                found.setdefault(path, set()).add(module)
        for path in self.index.facts:
            is_conftest = os.path.basename(path) == "conftest.py"
            if is_conftest and not by_module.keys().isdisjoint(self._fixtures_of(path).values()):
                folder = os.path.join(os.path.dirname(path), "")
                found = {one: set() for one in self.index.facts if one.startswith(folder)} | found
        for module, lasts in by_module.items():
            if module and not self.index.modules.is_ours(module):
                # nearly every file may have one of a library, as `typing`: to read these would make fixes depend on all
                for path in found.keys() - self._exchanging(lasts):
                    found[path].discard(module)
        return found

    def _exchanging(self, names: Collection[str]) -> set[str]:
        """The files that may give names of a library another value: most that use one only import it."""
        found: set[str] = set()
        # one pattern a name, as those that begin with plain bytes are searched for many times faster
        for word in (name.encode() for name in sorted(names)):
            name = re.escape(word)
            pattern = re.compile(rb"%b(?:(?<=[.\"']%b)[\"']|(?<!\w%b)\s*=(?!=))" % (name, name, name))
            found.update(path for path, _ in self.rewriter.reads.matching(pattern, [word]))
        return found

    def _of_unchecked(self, by_module: dict[str, set[str]], keys: Collection[str]) -> Iterator[Patch]:
        """Where tests that no run checks, and files of data beside tests, name something that may be patched."""
        around = self.rewriter.around
        touched = _of_kind(OBJECT, keys)
        paths = (
            around.facts.keys() - self.index.facts.keys() | {*self.rewriter.unchecked.data} if keys else ()
        )
        for path in sorted(paths):
            if not self.index.settings.is_test(path):
                continue
            try:
                text = self._text(path)
            except SourceError:
                continue
            for found in _NAMED.finditer(text):
                name = found[1] or found[2]
                if not set(heads(name)).isdisjoint(keys):
                    yield Patch(path, text.count("\n", 0, found.start()) + 1, name)
            if path not in around.facts or not any(word.decode() in text for word in PATCHING):
                continue
            for module, lasts in by_module.items():
                if around.handles(path, module):
                    for last in re.findall(r"[\"'.](\w+)(?:[\"']|\s*=(?!=))", text):
                        if last in lasts:
                            yield Patch(path, line_of(text, [last]), f"{module}.{last}")
            for edge in around.edges(path):
                led = self.index.modules.lookup(edge.full_name)
                if led is not None and led.qualified_name in touched:
                    line = line_of(text, [edge.local_name])
                    yield Patch(path, line, f"{OBJECT}{led.qualified_name}", is_written=True)

    def _of_loaded(self, keys: Collection[str]) -> Iterator[Patch]:
        """Where files look into `sys.modules` for a module, or put another one there."""
        modules = {kind: sorted(_of_kind(kind, keys), key=lambda n: (-len(n), n)) for kind in (PUT, LOADED)}
        for path, _ in (
            self.rewriter.reads.matching(_MODULES, [b"sys.modules"]) if any(modules.values()) else ()
        ):
            goes_through, texts = self.rewriter.reads.summary(path, texts_on_modules) or (False, [])
            for line, text, is_put in texts:
                for module in sorted(modules[LOADED]) if not is_put else ():
                    is_in_code = "sys.modules" in text and re.search(rf"[\"']{re.escape(module)}[\"']", text)
                    if text == module or is_in_code:
                        yield Patch(path, line, f"{LOADED}{module}", code=text if is_in_code else "")
                    elif goes_through and begins(text, module):
                        yield Patch(path, line, f"{LOADED}{module}", is_listing=True)
                if text in modules[PUT]:
                    yield Patch(path, line, f"{PUT}{text}", is_asking=not is_put)
        importing = self.rewriter.reads.matching(_IMPORTING, [b"__import__", b"meta_path"])
        for path, _ in importing if modules[PUT] else ():
            _, texts = self.rewriter.reads.summary(path, texts_on_modules) or (False, [])
            for line, text, _ in texts if self.index.settings.is_test(path) else ():
                if text in modules[PUT]:
                    yield Patch(path, line, f"{PUT}{text}", is_importing=True)
        for module in modules[LOADED]:
            yield from self._found_in_package(module)

    def _of_loggers(self, modules: Collection[str]) -> Iterator[Patch]:
        """Where tests name a module, or a package around it, to see what is logged there."""
        around = {name for module in modules for name in with_parents(module)}
        logging = self.rewriter.reads.matching(_LOG_TESTS, _LOG_WORDS) if modules else ()
        asking = {path for path, _ in logging if self.index.settings.is_test(path)}
        quoted = self.rewriter.reads.quoted
        for path in sorted(asking & {path for name in around for path in quoted.get(name, ())}):
            for node in texts_of(self.rewriter.reads.tree(path) or ast.Pass()):
                for module in sorted(modules):
                    if "." in (text := str(node.value)) and is_under(module, text):
                        yield Patch(path, node.lineno, f"{LOGGER}{module}")

    def _found_in_package(self, module: str) -> Iterator[Patch]:
        """Where files read a module as an attribute of its package without importing it: others must have done that."""
        package, _, last = module.rpartition(".")
        loads = self.rewriter.imports.effects.acts.reached
        for path in sorted({user for name in packages_of(module) for user in self.index.importing(name)}):
            edges = list(self.index.edges(path))
            named = {edge.module if edge.name is None else f"{edge.module}.{edge.name}" for edge in edges}
            if any(is_under(name, module) or module in loads(name) for name in named):
                continue
            handles = {h.removesuffix(f".{last}") for h in self.index.handles(path, module)}
            reads = self.rewriter.reads.of(path)
            if handles & reads.bare or any(f"{handle}.{last}" in reads.read for handle in handles):
                yield Patch(path, line_of(self._text(path), [last, package]), f"{LOADED}{module}")
        for path in self.rewriter.reads.quoted.get(
            module, ()
        ):  # a patch of a module takes it from its package
            tree = self.rewriter.reads.tree(path)
            for call in all_nodes(tree) if tree is not None else ():
                if isinstance(call, ast.Call) and last_name(call.func) == "patch":
                    for node in call.args[:1]:
                        if isinstance(node, ast.Constant) and node.value == module:
                            yield Patch(path, node.lineno, f"{LOADED}{module}")

    def _text(self, path: str) -> str:
        return self.index.modules.filesystem.source(path).data.decode("utf-8", "replace")

    def _in_file(self, view: View, by_module: dict[str, set[str]], keys: Collection[str]) -> Iterator[Patch]:
        path, tree = view.path, view.source.tree
        lasts = {last for names in by_module.values() for last in names}
        named = _modules_named(tree) | self._given_around(path)
        named |= self._fixtures_of(path) if view.is_test else {}
        handles = {
            module: found
            for module in by_module
            if (found := self.index.handles(path, module) | set(_below(named, module)))
        }
        for node in all_nodes(tree):
            match node:
                case ast.Attribute(ctx=ast.Store() | ast.Del(), attr=attr) if attr in lasts:
                    for module, names in handles.items():
                        if unparsed(node.value) in names and attr in by_module[module]:
                            is_object = self.index.modules.find(module) is None
                            yield Patch(path, node.lineno, f"{module}.{attr}", is_written=is_object)
                case ast.Subscript(
                    ctx=ast.Store() | ast.Del(), value=value, slice=ast.Constant(value=str(key))
                ) if key in lasts and (owner := dictionary_owner(value)) is not value:
                    for module, names in handles.items():
                        if unparsed(owner) in names and key in by_module[module]:
                            yield Patch(path, node.lineno, f"{module}.{key}")
                case ast.Call(func=ast.Attribute(value=ast.Constant(value="."), attr="join")) if view.is_test:
                    for part in texts_of(node):
                        yield from (
                            Patch(path, node.lineno, f"{module}.{part.value}")
                            for module, names in by_module.items()
                            if part.value in names
                        )
                case ast.Call():
                    yield from self._in_call(view, node, by_module, handles)
        first = {
            node.args[0] if node.args else node.keywords[0].value
            for node in all_nodes(tree)
            if isinstance(node, ast.Call) and (node.args or node.keywords)
        }
        for node in texts_of(tree) if view.is_test else ():
            text = str(node.value)
            if text in by_module and node not in first and self.index.modules.find(text) is None:
                for last in sorted(by_module[text] & view.strings):  # put together somewhere
                    yield Patch(path, node.lineno, f"{text}.{last}")
            if _is_dotted(text) and node not in first and set(heads(text)) & set(keys):
                yield Patch(path, node.lineno, text)
            elif piece := re.search(r"(?:^|%s|\{\w*\})((?:\.\w+)+)", text):
                chain = piece[1].split(".")  # begins with nothing
                for module, names in by_module.items():
                    for n, last in enumerate(chain[1:], 1):
                        if last in names and f".{module}".endswith(".".join(chain[:n])):
                            yield Patch(path, node.lineno, f"{module}.{last}")

    def _given_around(self, path: str) -> dict[str, str]:
        """The fixtures of the `conftest.py` files around a test that return something imported, each with its dotted name."""
        folder = os.path.dirname(path)
        found: dict[str, str] = {}
        while self.index.settings.is_test(path) and folder.startswith(self.index.settings.root):
            conftest = os.path.join(folder, "conftest.py")
            found = {**(self._fixtures_of(conftest) if conftest in self.index.facts else {}), **found}
            folder = os.path.dirname(folder)
        return found

    def _fixtures_of(self, path: str) -> dict[str, str]:
        if path not in self._fixtures:
            tree = self.rewriter.reads.tree(path)
            imported = {edge.local_name: edge.full_name for edge in self.index.edges(path)}
            given = (
                (function.name, part.value.id)
                for function in (tree.body if tree is not None else ())
                if isinstance(function, Function) and decorators_of(function) & FIXTURES
                for part in own_nodes(function)
                if isinstance(part, ast.Return | ast.Yield) and isinstance(part.value, ast.Name)
            )
            self._fixtures[path] = {name: imported[value] for name, value in given if value in imported}
        return self._fixtures[path]

    def _in_call(
        self, view: View, node: ast.Call, by_module: dict[str, set[str]], handles: dict[str, set[str]]
    ) -> Iterator[Patch]:
        arguments = arguments_of(node)
        texts = [
            a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None
            for a in arguments[:2]
        ]
        called = last_name(node.func)
        if texts and texts[0] is not None:
            string = arguments[0]
            if _is_dotted(texts[0]) and (called in PATCHERS or view.is_test):
                is_string = called in NAME_TAKERS and isinstance(string, ast.Constant)
                yield Patch(
                    view.path,
                    string.lineno,
                    texts[0],
                    string if is_string else None,  # type: ignore[arg-type]
                    is_none=_gives_none(node, 1),
                    is_loaded=called in LOADING,
                )
            owner = texts[0].removesuffix(".__dict__")
            for name in names_given(node) if owner in by_module else ():
                yield Patch(view.path, string.lineno, f"{owner}.{name}")
            if len(node.args) > 1 and texts[1] and re.fullmatch(r"\w+(?:\.\w+)*", texts[1]):
                yield Patch(view.path, string.lineno, f"{texts[0]}.{texts[1]}")
        given = {unparsed(dictionary_owner(a)) for a in arguments}
        said = {*names_given(node)} | view.strings
        for module, names in handles.items():
            if given & names and called in OBJECT_PATCHERS:
                for last in sorted(by_module[module] & said):
                    is_object = self.index.modules.find(module) is None
                    yield Patch(
                        view.path,
                        node.lineno,
                        f"{module}.{last}",
                        is_written=is_object,
                        is_none=_gives_none(node, 2),
                    )

    def _touched(self, touched: set[str]) -> Iterator[Patch]:
        """Where something is set on one of these objects itself, or a patch does it."""
        modules = {name.rpartition(".")[0] for name in touched}
        for path in sorted(self.index.importers_of(modules, touched)) if touched else ():
            view = self.rewriter.view(path, keep=False)
            for place, name in self.rewriter.uses_of(view, modules, touched) if view is not None else ():
                assert view is not None
                if _is_changed(view, place) or (view.is_test and self._is_handed_on(view, place, name)):
                    yield Patch(path, place.lineno, f"{OBJECT}{name}", is_written=True)

    def _is_handed_on(self, view: View, place: ast.expr, name: str) -> bool:
        """Whether a test hands an object on, with the name of a member or by a fixture, to what may change it."""
        above = view.uses.parents.get(place)
        if isinstance(above, ast.Call):
            of = self.rewriter.symbols.symbol(name)
            known = self.rewriter.symbols.members(of.of).named if of is not None and of.of is not None else {}
            return any(isinstance(one, ast.Constant) and one.value in known for one in above.args)
        given = above if isinstance(above, ast.Return | ast.Yield) else None
        function = nearest(given, Function, view.uses.parents)
        if not isinstance(function, Function) or not decorators_of(function) & FIXTURES:
            return False
        word = function.name.encode()
        pattern = re.compile(
            rb"\b(?:%b)\((?:type\()?%b\b|\b%b\.[\w.]+ = " % (b"|".join(_SETTING), word, word)
        )
        asking = self.rewriter.reads.matching(pattern, [word])
        return any(self.index.settings.is_test(path) for path, _ in asking)


def _gives_none(call: ast.Call, at: int) -> bool:
    """Whether a call that patches puts None in the place of what it patches, by its argument `at` or by name."""
    given = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg in ("new", "value"))]
    return len(given) == 1 and is_none(given[0])


def _is_changed(view: View, place: ast.expr) -> bool:
    """Whether something is set on, or below, what an expression gives."""
    node: ast.AST = place
    above = view.uses.parents.get(place)
    while isinstance(above, ast.Attribute | ast.Await) or (
        isinstance(above, ast.Call) and above.func is node
    ):
        node, above = above, view.uses.parents.get(above)
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            return True
    return isinstance(above, ast.Call) and last_name(above.func) in OBJECT_PATCHERS and node in above.args[:1]


def heads(text: str) -> Iterator[str]:
    """A dotted name, and the names before each of its dots."""
    if " " in text or "[" in text:
        yield text
        return
    while text:
        yield text
        text = text.rpartition(".")[0]


def _modules_named(tree: ast.Module) -> dict[str, str]:
    """The expressions that load a module by a string, as `import_module("a.b")`, and the names bound to one; with the modules."""
    found: dict[str, str] = {}
    bound: list[tuple[str, str]] = []
    for node in all_nodes(tree):
        match node:
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]) if (
                last_name(func) in LOADER_NAMES
            ):
                found[unparsed(node)] = name
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name))) if unparsed(value) in (
                "sys.modules",
                "modules",
            ):
                found[unparsed(node)] = name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() | ast.Subscript() as value):
                bound.append((name, unparsed(value)))
    return found | {name: found[text] for name, text in bound if text in found}


def _of_kind(kind: str, keys: Iterable[str]) -> set[str]:
    """What the keys of a kind say, without their prefix."""
    return {key.removeprefix(kind) for key in keys if key.startswith(kind)}


def _below(named: Mapping[str, str], owner: str) -> Iterator[str]:
    """How `owner` can be written by the expressions that give modules: `m.cache` for `app.cache`, where `m` gives `app`."""
    for text, module in named.items():
        if is_under(owner, module):
            yield text + owner[len(module) :]


def _is_dotted(text: str) -> bool:
    return _QUOTED.match(text) is not None
